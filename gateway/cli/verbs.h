/* SPDX-License-Identifier: Apache-2.0 */
/* One file per verb, one function each. argv[0] is the verb. Exit status: 0 done, 1 the answer is
 * no (errors in the files, no reply), 2 wrong usage. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <stdbool.h>

struct argp;

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2 };

/* argp_parse, of which one must not forget that it can fail. false: told; the verb ends with EXIT_NO. */
bool verb_arguments(const struct argp *argp, int argc, char **argv, void *input);
int verb_no_memory(const char *verb);                  /* says so; EXIT_NO */

/* The answer is no, as was said on stderr; programs are given {"error": why} too. EXIT_NO. */
int verb_no(bool json_wanted, const char *why);

int verb_check(int argc, char **argv);
int verb_commission(int argc, char **argv);
int verb_docs(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_import(int argc, char **argv);
int verb_plan(int argc, char **argv);
int verb_probe(int argc, char **argv);
int verb_read(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_scan(int argc, char **argv);
int verb_sim(int argc, char **argv);
int verb_watch(int argc, char **argv);
int verb_why(int argc, char **argv);
int verb_write(int argc, char **argv);

#endif
