// SPDX-License-Identifier: ISC
#include "daemon/steer.h"

#include <linux/filter.h>
#include <stdint.h>
#include <sys/socket.h>

void steer(int fd, size_t count)
{
    if (count == 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &(int){0}, sizeof(int));
        return;
    }
    // socket(7), SO_ATTACH_REUSEPORT_CBPF: the program returns the number of the socket in its group.
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (uint32_t)count),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program));
}
