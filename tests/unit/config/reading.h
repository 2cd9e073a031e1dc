// SPDX-License-Identifier: ISC
// Texts of tests, read as the configuration /etc/zonebox/z.yaml of a machine on which nothing is found.
#pragma once

#include "config/config.h"
#include "config/surroundings.h"

extern const struct surroundings nothing_found;

// A text that must be right. The caller frees.
struct config *parse(const char *text);
struct config *parse_in(const struct surroundings *surroundings, const char *text);

// What is said of a text that must be wrong; the octets need no end.
struct config_errors errors_of(const char *text, size_t len);
// It must be these words, one error a line.
void must_refuse(const char *text, const char *lines);
void must_refuse_octets(const char *octets, size_t len, const char *lines);
