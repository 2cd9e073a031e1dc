// SPDX-License-Identifier: ISC
#include "keys/base64.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

static bool is_of_alphabet(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '=';
}

// EVP_DecodeBlock passes over blanks at both ends, takes padding anywhere, and counts it.
long base64_read(const char *text, size_t len, uint8_t *ret, size_t max)
{
    if (len < 4 || len % 4 != 0 || len / 4 * 3 > max || !is_of_alphabet(text[0]) ||
        !is_of_alphabet(text[len - 1]))
        return -1;
    const char *padding = memchr(text, '=', len);
    size_t padding_len = padding != NULL ? (size_t)(text + len - padding) : 0;
    if (padding_len > 2 || (padding_len == 2 && text[len - 1] != '='))
        return -1;
    int octets = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)len);
    return octets < 0 ? -1 : octets - (long)padding_len;
}

void base64_put(const uint8_t *octets, size_t len, struct buf *ret)
{
    size_t text_len = (len + 2) / 3 * 4;
    EVP_EncodeBlock(buf_extend(ret, text_len + 1), octets, (int)len); // ends with a zero
    ret->len--;
}
