/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one line to stderr, written at once so that threads do not mix
 */
#ifndef AVA_COMMON_LOG_H
#define AVA_COMMON_LOG_H

/**
 * ava_log() - write "<who>: <text>\n" to stderr
 * @who: name of the part that speaks
 * @fmt: printf format of the text, without a newline
 */
void ava_log(const char *who, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* AVA_COMMON_LOG_H */
