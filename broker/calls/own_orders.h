// SPDX-License-Identifier: EUPL-1.2
// A person at a desk and their own print jobs: what they see of them, what they may do with them there, and what they
// are told of their own accord.
#pragma once
#include "broker/calls/services.h"

// A desk says one of these of the session that it shows: DEVICE_NOTICED, DEVICE_JOBS, DEVICE_RELEASE, DEVICE_CANCEL.
// The device is proven, the content is hostile.
void own_orders_message(struct services *services, const char *device_id, const struct device_message *message);

// At the portal, at no desk: what they see, and see once that was done. `own` is new: own_jobs_free. All that is given
// but the person is hostile.
void own_orders_show(const struct services *services, const char *person_id, struct own_jobs *own);
void own_orders_release(struct services *services, const char *person_id, const char *job, const char *printer_id,
                        struct own_jobs *own);
void own_orders_cancel(struct services *services, const char *person_id, const char *job, struct own_jobs *own);

// The job is in another state than before, or there for another reason: its person is told where they are now, once.
void own_orders_notice(struct services *services, const struct known_job *job);
// The host has reported, perhaps that somebody's jobs wait there for its print server.
void own_orders_reported(struct services *services, const char *host_id);
// The session is before its person: what they were not told yet.
void own_orders_notices(struct services *services, const struct session *session);
