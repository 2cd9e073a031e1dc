// SPDX-License-Identifier: ISC
// The entry of a fuzz target: libFuzzer calls it with made-up inputs, replay.c with those of a corpus. It aborts when
// something that must hold does not; the sanitizers see the rest.
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);
