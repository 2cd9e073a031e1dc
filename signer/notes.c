// SPDX-License-Identifier: ISC
#include "signer/notes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

void notes_free(struct notes *notes)
{
    if (notes == NULL)
        return;
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->list[i].input);
        free(notes->list[i].text);
    }
    free(notes);
}

static const struct note *find(const struct notes *notes, const char *text)
{
    for (size_t i = 0; notes != NULL && i < notes->count; i++)
        if (strcmp(notes->list[i].text, text) == 0)
            return &notes->list[i];
    return NULL;
}

struct notes *notes_take(struct notes *old, const struct zone_content *content)
{
    struct notes *notes = NULL;
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (note->error || find(notes, note->text) != NULL) // signer/lastgood.h tells of errors
            continue;
        if (notes == NULL)
            notes = xcalloc(1, sizeof(*notes));
        if (notes->count == NOTES_MAX)
            break;
        const struct note *before = find(old, note->text);
        notes->list[notes->count++] = (struct note){
            .input = note->input != NULL ? xstrdup(note->input) : NULL,
            .text = xstrdup(note->text),
            .from = note->from,
            .until = note->until,
            .told = before != NULL && before->told,
        };
    }
    notes_free(old);
    return notes;
}

void notes_tell(struct notes *notes, const char *zone, int64_t now)
{
    for (size_t i = 0; notes != NULL && i < notes->count; i++) {
        struct note *note = &notes->list[i];
        if (note->told || now < note->from || (note->until != 0 && now >= note->until))
            continue;
        note->told = true;
        log_event(LOG_LEVEL_WARNING, "zone-note", "zone", zone, "input", note->input, "reason",
                  note->text, NULL);
    }
}

int64_t notes_next(const struct notes *notes, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; notes != NULL && i < notes->count; i++)
        if (!notes->list[i].told && notes->list[i].from > now && notes->list[i].from < next)
            next = notes->list[i].from;
    return next;
}
