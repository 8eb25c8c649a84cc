// SPDX-License-Identifier: EUPL-1.2
// What stands before and around a command: options on the command line, then the environment, then the settings file.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/base/text.h"

#include <stdio.h>

enum option_flag {
    OPTION_ALWAYS = 1, // with every command
    OPTION_TENANT = 2,
    OPTION_NAME = 4,
    OPTION_SECRETS = 8, // --password-stdin, --token-stdin, --ticket
    OPTION_FILE = 16,
    OPTION_PLAN = 32, // --dry-run, --enrol
    OPTION_EVENTS = 64,
    OPTION_DEVICE = 128,
    OPTION_DRAIN = 256, // --until, --message
    OPTION_YES = 512,
    OPTION_BACKUP = 1024,   // --command, --recovery-key
    OPTION_AS = 2048,       // --as NAME
    OPTION_ACCOUNTS = 4096, // --month, --by
    OPTION_CSV = 8192,
};

enum { OPTION_SIZE = 512 };

struct options {
    char broker[OPTION_SIZE]; // host[:port]
    char host[OPTION_SIZE];   // filled by options_complete
    int64_t port;
    char ca[OPTION_SIZE], certificate[OPTION_SIZE], key[OPTION_SIZE];
    char tenant[OPTION_SIZE], name[OPTION_SIZE], lang[OPTION_SIZE], file[OPTION_SIZE];
    char last[OPTION_SIZE], after[OPTION_SIZE], device[OPTION_SIZE], as[OPTION_SIZE];
    char until[OPTION_SIZE], message[OPTION_SIZE];
    char month[OPTION_SIZE], by[OPTION_SIZE];
    char command[OPTION_SIZE], recovery_key[OPTION_SIZE];
    char pin[DIGEST_SIZE]; // SHA-256 of the broker's authority, from an invitation, where there is no file `ca`
    bool enrol, check, json, csv, password_stdin, token_stdin, ticket, dry_run, yes, help, version;
    unsigned given; // enum option_flag of those that were given
};

// Takes the options and the program's name out of main's `words`, which keep the rest: *count, NULL after the last.
// False, with a complaint on standard error, when one is unknown, lacks its value or is too long.
bool options_read(struct options *options, int *count, char **words) __attribute__((warn_unused_result));
// Adds environment and settings file. False, with a complaint, when that file has a mistake.
bool options_complete(struct options *options) __attribute__((warn_unused_result));
// A file beside the settings file, such as "ca.crt"; options_beside makes its folder.
void options_path(char path[OPTION_SIZE], const char *name);
void options_beside(char path[OPTION_SIZE], const char *name);
// Writes the settings file, with the broker and its authority's certificate. One that is there stays as it is.
bool options_keep(const struct options *options, const char *ca, struct fault *why) __attribute__((warn_unused_result));
// " [--tenant TENANT]" for the synopsis, of the options in `allowed`.
void options_print_synopsis(FILE *file, unsigned allowed);
// "--tenant" and so on, a line each.
void options_add_names(struct text *lines, unsigned allowed);
// A line per option of `allowed`, for people.
void options_print_help(FILE *file, unsigned allowed);
