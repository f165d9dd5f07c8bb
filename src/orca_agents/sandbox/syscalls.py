"""System calls that no sandboxed program needs, refused by the kernel itself: a seccomp filter, as bubblewrap reads it.

They would reach what namespaces do not divide (the hypervisor, keyrings), hold memory that no limit counts, or open the
less trodden parts of the kernel to attack.
"""

from __future__ import annotations

import errno
import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # of the classic BPF machine
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_PRETEND = _REFUSE  # with no error in it: the call does nothing and seems to have gone well
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, (16, 24, 32)  # offsets in the kernel's `seccomp_data`
_X32 = 0x40000000  # from here on, numbers are those of a second way to call the same kernel on x86

_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_SOCKET = (41, 198)
_FAMILIES = (1, 2, 10, 16)
"""Unix, IPv4, IPv6 and netlink: inside their own network namespace. AF_VSOCK would reach the hypervisor from it."""

_SETSOCKOPT = (54, 208)
_LEVEL, _SIZES = 1, (7, 8)
"""SO_SNDBUF and SO_RCVBUF: what waits in sockets is in no process's account, so that nobody makes room for more."""

_REFUSED: dict[str, tuple[int, int]] = {
    # looking into other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # memory that no process has mapped, so that it is in nobody's account
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # of these the whole machine has so many, and databases need them
    "io_setup": (206, 0),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # keyrings belong to the user, not to a namespace
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # parts of the kernel that are attacked most
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    # the machine as a whole
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
}


def refusing_filter() -> bytes | None:
    """The filter for this machine; `None` where its numbers are not known here."""
    known = _MACHINES.get(platform.machine())
    if known is None:
        return None
    architecture, column = known
    refuse = _REFUSE | errno.EPERM
    code = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, architecture, if_true=1),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
    ]
    if platform.machine() == "x86_64":
        code += [_instruction(_AT_LEAST, _X32, if_false=1), _instruction(_RETURN, refuse)]
    for numbers in _REFUSED.values():
        code += [_instruction(_EQUAL, numbers[column], if_false=1), _instruction(_RETURN, refuse)]
    code += [
        _instruction(_EQUAL, _SETSOCKOPT[column], if_false=7),
        _instruction(_LOAD, _ARGUMENTS[1]),
        _instruction(_EQUAL, _LEVEL, if_false=4),
        _instruction(_LOAD, _ARGUMENTS[2]),
        _instruction(_EQUAL, _SIZES[0], if_true=1),
        _instruction(_EQUAL, _SIZES[1], if_false=1),
        _instruction(_RETURN, _PRETEND),
        _instruction(_RETURN, _ALLOW),
        _instruction(_EQUAL, _SOCKET[column], if_true=1),
        _instruction(_RETURN, _ALLOW),
        _instruction(_LOAD, _ARGUMENTS[0]),
    ]
    for family in _FAMILIES:
        code += [_instruction(_EQUAL, family, if_false=1), _instruction(_RETURN, _ALLOW)]
    code.append(_instruction(_RETURN, _REFUSE | errno.EAFNOSUPPORT))
    return b"".join(code)


def _instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction; the two last are how many to skip after a comparison."""
    return struct.pack("HBBI", code, if_true, if_false, value)
