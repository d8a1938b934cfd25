/* SPDX-License-Identifier: Apache-2.0 */
/* thing.h - a handle type for the golden specs */
#ifndef THING_H
#define THING_H

typedef struct thing_s *thing;
int gold_keep(thing t);
int gold_drop(thing t);

#endif /* THING_H */
