// SPDX-License-Identifier: ISC
#include "probe/turns.h"

static void append(struct turn_list *list, struct turn *turn)
{
    turn->next = NULL;
    turn->previous = list->last;
    if (list->last != NULL)
        list->last->next = turn;
    else
        list->first = turn;
    list->last = turn;
}

static void take_out(struct turn_list *list, struct turn *turn)
{
    if (turn->previous != NULL)
        turn->previous->next = turn->next;
    else
        list->first = turn->next;
    if (turn->next != NULL)
        turn->next->previous = turn->previous;
    else
        list->last = turn->previous;
}

static bool may_begin(const struct turns *turns, const struct turn *turn)
{
    unsigned count = 0;
    for (const struct turn *other = turns->flight.first; other != NULL; other = other->next)
        if (address_equal(&other->address, &turn->address))
            count++;
    return count < turn->most_there;
}

static void on_time(uv_timer_t *timer)
{
    struct turns *turns = (struct turns *)((char *)timer - offsetof(struct turns, timer));
    struct turn *turn = turns->waiting.first;
    while (turn != NULL && turns->flight_count < turns->most && !turns->closing) {
        if (!may_begin(turns, turn)) {
            turn = turn->next;
            continue;
        }
        take_out(&turns->waiting, turn);
        append(&turns->flight, turn);
        turn->flies = true;
        turns->flight_count++;
        turns->begin(turn);
        turn = turns->waiting.first; // others may be gone or have come meanwhile
    }
}

void turns_start(struct turns *turns, uv_loop_t *loop)
{
    uv_timer_init(loop, &turns->timer);
}

static void look(struct turns *turns)
{
    if (!turns->closing)
        uv_timer_start(&turns->timer, on_time, 0, 0);
}

void turns_wait(struct turns *turns, struct turn *turn)
{
    turn->flies = false;
    append(&turns->waiting, turn);
    look(turns);
}

void turns_leave(struct turns *turns, struct turn *turn)
{
    take_out(turn->flies ? &turns->flight : &turns->waiting, turn);
    if (turn->flies)
        turns->flight_count--;
    look(turns);
}

struct turn *turns_any(const struct turns *turns)
{
    return turns->waiting.first != NULL ? turns->waiting.first : turns->flight.first;
}

void turns_close(struct turns *turns, uv_close_cb closed)
{
    turns->closing = true;
    uv_close((uv_handle_t *)&turns->timer, closed);
}
