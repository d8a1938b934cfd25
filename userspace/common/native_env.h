/* SPDX-License-Identifier: Apache-2.0 */
/*
 * native_env.h - the environment that a program would have without AvA
 */
#ifndef AVA_COMMON_NATIVE_ENV_H
#define AVA_COMMON_NATIVE_ENV_H

#define AVA_NATIVE_PREFIX	"AVA_NATIVE_"

/**
 * ava_native_variable() - what a variable of a program means for its server
 * @variable: "NAME=VALUE"
 *
 * A server loads the vendor's library, so variables that make a program load a
 * generated one are not for it. Who sets one of those keeps what it was before as
 * AVA_NATIVE_NAME: an empty value says that there was none.
 * Return: "NAME=VALUE", a part of @variable, or NULL.
 */
const char *ava_native_variable(const char *variable);

#endif /* AVA_COMMON_NATIVE_ENV_H */
