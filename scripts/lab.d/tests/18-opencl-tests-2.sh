# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the other half of the OpenCL test programs says the same in the guest as natively
opencl_programs_same 1
