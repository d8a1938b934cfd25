/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the manager's log: one line an event, to stderr
 */
#ifndef AVAD_LOG_H
#define AVAD_LOG_H

#define AVAD_ERR	3
#define AVAD_WARNING	4
#define AVAD_INFO	6

/**
 * avad_log_init() - mark lines with their priority if the journal reads stderr
 */
void avad_log_init(void);

/**
 * avad_log() - one line
 * @priority: AVAD_*, as in syslog(3)
 */
void avad_log(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* AVAD_LOG_H */
