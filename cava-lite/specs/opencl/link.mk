# SPDX-License-Identifier: Apache-2.0
SERVER_LIBS_opencl := -lOpenCL
LOADER_FILE_opencl := OpenCL/vendors/ava.icd
