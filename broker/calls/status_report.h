// SPDX-License-Identifier: EUPL-1.2
// What an administrator has to know of at a glance: the directories, and the hosts in trouble. Only what the caller may
// see.
#pragma once
#include "broker/calls/services.h"

// Whose identity was seen at two places at once, and was not enrolled again since.
void status_report_shared(struct record_list *shared, const struct services *services, const struct peer *peer);
// Assignments whose person's user name somebody else has logged on with since.
void status_report_names(struct record_list *reused, const struct services *services, const struct peer *peer);
void status_report_directories(struct record_list *directories, struct services *services, const struct peer *peer);
int64_t status_report_draining(const struct services *services,
                               const struct peer *peer); // hosts that somebody took out of service
// The broker's own certificates and when they end. What is wrong with one, the district alone is told.
void status_report_own_certificates(struct record_list *certificates, const struct services *services,
                                    const struct peer *peer);
void status_report_grants(struct record_list *ending, const struct services *services, const struct peer *peer);
// Devices, hosts, print servers and gateways whose certificate ends soon, or has ended: it should have been renewed.
void status_report_certificates(struct record_list *ending, const struct services *services, const struct peer *peer);
void status_report_problems(struct record_list *problems, const struct services *services, const struct peer *peer);
// Print servers that are silent, and printers that have stopped or do not answer.
void status_report_printing(struct record_list *printing, const struct services *services, const struct peer *peer);
// Gateways that let nobody in: silent, or taken out of service.
void status_report_gateways(struct record_list *gateways, const struct services *services, const struct peer *peer);
// Ports on which connections are dropped to make room. From where, the district alone is told.
void status_report_floods(struct record_list *floods, const struct services *services, const struct peer *peer);
// Which versions the agents are of, of devices first.
void status_report_agents(struct record_list *agents, const struct services *services, const struct peer *peer);
// At whose passwords is guessed, and from where. Slips are not told, since a password may be typed as a name.
void status_report_guesses(struct record_list *guesses, const struct services *services, const struct peer *peer);
