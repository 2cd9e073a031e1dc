// SPDX-License-Identifier: ISC
// The numbers of the DNS that zonebox decides by. Types it only carries need no name here; text forms of rdata
// are ldns' business on the control side.
#pragma once

// RR types (IANA registry "DNS Parameters").
enum rr_type {
    RR_TYPE_A = 1,
    RR_TYPE_NS = 2,
    RR_TYPE_CNAME = 5,
    RR_TYPE_SOA = 6,
    RR_TYPE_PTR = 12,
    RR_TYPE_MX = 15,
    RR_TYPE_TXT = 16,
    RR_TYPE_AAAA = 28,
    RR_TYPE_SRV = 33,
    RR_TYPE_DNAME = 39,
    RR_TYPE_OPT = 41,
    RR_TYPE_DS = 43,
    RR_TYPE_SSHFP = 44,
    RR_TYPE_RRSIG = 46,
    RR_TYPE_NSEC = 47,
    RR_TYPE_DNSKEY = 48,
    RR_TYPE_NSEC3 = 50,
    RR_TYPE_NSEC3PARAM = 51,
    RR_TYPE_TLSA = 52,
    RR_TYPE_CDS = 59,
    RR_TYPE_CDNSKEY = 60,
    RR_TYPE_DSYNC = 66,
    RR_TYPE_TSIG = 250,
    RR_TYPE_IXFR = 251,
    RR_TYPE_AXFR = 252,
    RR_TYPE_MAILB = 253,
    RR_TYPE_MAILA = 254,
    RR_TYPE_ANY = 255,
};

enum rr_class { RR_CLASS_IN = 1, RR_CLASS_CH = 3, RR_CLASS_NONE = 254, RR_CLASS_ANY = 255 };

// RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9 (BADVERS is an extended rcode: its upper bits travel in OPT).
enum rcode {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
    RCODE_YXDOMAIN = 6,
    RCODE_NOTAUTH = 9,
    RCODE_BADVERS = 16,
    RCODE_BADCOOKIE = 23, // RFC 7873 §8
};

enum opcode { OPCODE_QUERY = 0, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };

// Bits of the second 16 of a message header (RFC 1035 §4.1.1, RFC 4035 §3).
enum header_flag {
    HEADER_QR = 0x8000,
    HEADER_AA = 0x0400,
    HEADER_TC = 0x0200,
    HEADER_RD = 0x0100,
    HEADER_RA = 0x0080,
    HEADER_AD = 0x0020,
    HEADER_CD = 0x0010,
};

// EDNS options (IANA registry "DNS EDNS0 Option Codes") that are understood.
enum edns_option {
    EDNS_NSID = 3,       // RFC 5001
    EDNS_COOKIE = 10,    // RFC 7873
    EDNS_KEEPALIVE = 11, // RFC 7828
    EDNS_PADDING = 12,   // RFC 7830
    EDNS_EDE = 15,       // RFC 8914
};

// Extended DNS Errors (RFC 8914) that zonebox gives.
enum ede_code {
    EDE_OTHER = 0,
    EDE_UNSUPPORTED_ALGORITHM = 1, // of DNSKEY
    EDE_DNSSEC_BOGUS = 6,
    EDE_SIGNATURE_EXPIRED = 7,
    EDE_SIGNATURE_NOT_YET_VALID = 8,
    EDE_DNSKEY_MISSING = 9,
    EDE_RRSIGS_MISSING = 10,
    EDE_NO_ZONE_KEY_BIT = 11,
    EDE_NSEC_MISSING = 12,
    EDE_NOT_READY = 14,
    EDE_NOT_AUTHORITATIVE = 20,
    EDE_NOT_SUPPORTED = 21,
    EDE_NO_REACHABLE_AUTHORITY = 22,
    EDE_INVALID_DATA = 24,
};

#define DNS_HEADER_LEN  12
#define DNS_PORT        53
#define DNS_MESSAGE_MAX 65535
#define DNS_POINTER_MAX 0x3fff // how far a compression pointer reaches: 14 bits (RFC 1035 §4.1.4)
// RFC 6891 §6.2.3: what may be sent over UDP to a client without EDNS.
#define DNS_UDP_PLAIN_MAX 512
// RFC 9715: no answer of ours is larger over UDP, so none is fragmented.
#define DNS_UDP_EDNS_MAX 1232
