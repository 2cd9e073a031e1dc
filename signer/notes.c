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

static struct notes *add(struct notes *notes, const struct notes *old, const struct note *note)
{
    if (notes == NULL)
        notes = xcalloc(1, sizeof(*notes));
    if (find(notes, note->text) != NULL || notes->count == NOTES_MAX)
        return notes;
    const struct note *before = find(old, note->text);
    notes->list[notes->count++] = (struct note){
        .input = note->input != NULL ? xstrdup(note->input) : NULL,
        .text = xstrdup(note->text),
        .from = note->from,
        .until = note->until,
        .told = before != NULL && before->told,
    };
    return notes;
}

// A zone without addresses is published, since there may be none at first; but nobody reaches the box then.
static struct notes *add_gaps(struct notes *notes, const struct notes *old,
                              const struct zone_content *content)
{
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        const char *type = record->rr == NULL ? strrchr(record->missing, ' ') : NULL;
        if (type == NULL || strcmp(type, " A") != 0)
            continue;
        char *text = xasprintf("%s is missing: %s", record->missing, record->why);
        notes = add(notes, old, &(struct note){.text = text});
        free(text);
    }
    return notes;
}

struct notes *notes_take(struct notes *old, const struct zone_content *content)
{
    struct notes *notes = add_gaps(NULL, old, content);
    for (size_t i = 0; i < content->note_count; i++) {
        const struct zone_note *note = &content->notes[i];
        if (!note->error) // signer/lastgood.h tells of errors
            notes = add(notes, old,
                        &(struct note){note->input, note->text, note->from, note->until, false});
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
