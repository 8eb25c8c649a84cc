// SPDX-License-Identifier: EUPL-1.2
// POST /v1/tenants/{id}/unlock: somebody at whose password was guessed need not wait any longer.
#include "broker/api/method.h"
#include "broker/base/log.h"
#include "broker/calls/logon_attempt.h"

void call_unlock(struct services *services, struct request *request)
{
    const struct unlock_request *body = request->body;
    char key[ID_SIZE + USER_NAME_SIZE];
    if (!state_tenant(services->state, request->id)) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    attempt_name_key(key, request->id, body->name);
    bool at_desk = throttle_forget(services->throttle, THROTTLE_DESK_NAME, key);
    bool at_admin_port = throttle_forget(services->throttle, THROTTLE_ADMIN_NAME, key);
    bool at_front_door = throttle_forget(services->throttle, THROTTLE_DOOR_NAME, key);
    const struct unlock_answer answer = {.was_waiting = at_desk || at_admin_port || at_front_door};
    struct event event;
    services_event(&event, EVENT_ADMIN_UNLOCKED, NOUN_NONE, request);
    const struct store_person *person = people_by_name(&services->people, request->id, body->name, NULL);
    TEXT_PUT(event.why, person ? person->id : "");
    services_commit_answer(services, request, &event, answer.was_waiting ? 1 : 0, &answer);
}
