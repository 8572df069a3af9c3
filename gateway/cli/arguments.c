/* SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

bool verb_arguments(const struct argp *argp, int argc, char **argv, void *input)
{
    /* What is wrong with the words has been said, and the program ended; this is something else. */
    int error = argp_parse(argp, argc, argv, 0, NULL, input);
    if (error)
        fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
    return error == 0;
}

int verb_no_memory(const char *verb)
{
    fprintf(stderr, "headgate %s: out of memory\n", verb);
    return EXIT_NO;
}
