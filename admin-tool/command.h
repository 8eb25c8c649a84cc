// SPDX-License-Identifier: EUPL-1.2
// The table of commands: finding one by its words, its help, its synopsis.
#pragma once
#include "admin-tool/tool.h"
#include "broker/api/method.h"

struct invocation {
    const struct command *command;
    enum noun noun; // NOUN_NONE for commands that are about none
    int count;      // of the words after the command's own
    char **words;
};

typedef enum exit_code command_run(struct tool *tool, const struct invocation *invocation);

enum command_needs { NEEDS_NOTHING, NEEDS_SETTINGS, NEEDS_LOGON }; // of the options; of the broker

struct command {
    const char *first;      // "NOUN": each noun that has `method` and, for changes, is set by people
    const char *second;     // NULL: the first word is all
    enum method_id method;  // with "NOUN"
    const char *arguments;  // as in the synopsis
    int min_args, max_args; // how many
    unsigned options;       // enum option_flag
    enum command_needs needs;
    command_run *run;
    const char *sentence;
};

// For `apply --enrol`: a line with id and token for each of the struct noun_change that adds a machine that can join.
enum exit_code enrol_print_tokens(struct tool *tool, const struct record_list *changes);

extern const struct command command_rows[]; // ends with a row without `first`

// `words` ends with NULL. Whether its first one or two are the command's.
bool command_is_of(const struct command *command, char **words);
// False, with a complaint on standard error, when the words (NULL after the last) are no command.
bool command_find(int count, char **words, struct invocation *invocation) __attribute__((warn_unused_result));
// True when the options that were given go with the command; else with a complaint.
bool command_takes(const struct command *command, unsigned given) __attribute__((warn_unused_result));
// "pultctl host drain ID"; for "NOUN" with the noun, or as it stands when that is NOUN_NONE.
void command_print_synopsis(FILE *file, const struct command *command, enum noun noun);

// ---- the commands, each in the file its name begins with

command_run help_show, admin_log_on, admin_log_off, token_list, token_revoke, status_show, event_list, noun_list,
    noun_show, noun_set, noun_add, noun_remove, host_drain, host_undrain, host_release, host_show_message,
    host_enrol_token, session_show_message, session_lock, person_erase, person_unlock, person_factor_code,
    device_enrol_token, logon_explain, tenant_check, apply_file, apply_table, backup_make, grant_request, grant_approve,
    grant_revoke, printer_ask, printer_drain, printer_undrain, printer_test, job_release, job_cancel, job_move,
    print_server_enrol_token, account_list, printer_find, complete_show, gateway_enrol_token, gateway_drain,
    gateway_undrain;

// Does something with the thing that the first word names; answered as JSON where that is wanted. `answer` as for
// tool_send.
enum exit_code noun_act(struct tool *tool, enum method_id method, const struct invocation *invocation, const void *body,
                        void *answer);

// Has each printer asked that was added (of struct noun_change), and says which could not be.
void printer_ask_new(struct tool *tool, const struct record_list *changes);
// Has the printer asked, and shows what was found.
enum exit_code printer_show_found(struct tool *tool, const char *id);

// Says what is wrong with a group (enum group_standing) that a setting names, if anything is.
void noun_warn_of_group(struct out *out, const char *noun, const char *id, const char *group, int64_t standing);
