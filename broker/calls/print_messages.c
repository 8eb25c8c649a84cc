// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/print_messages.h"
#include "broker/base/log.h"

void print_linked(struct services *services, const char *server_id)
{
    (void)services;
    log_info("print", "%s: print server connected", server_id);
}

void print_unlinked(struct services *services, const char *server_id)
{
    (void)services;
    log_warn("print", "%s: print server disconnected", server_id);
}

void print_message(struct services *services, const char *server_id, struct print_message *message)
{
    (void)services, (void)server_id, (void)message;
}
