#!/bin/bash
# machine.sh COMMAND...: runs COMMAND on a "machine" of its own: network, processes, mounts, /run and control groups.
# Needs root and cgroup v1. Whatever COMMAND leaves there vanishes with it, and a cluster of the real machine is not seen.
set -eu
group=agentjob-test-$$
for hierarchy in /sys/fs/cgroup/*/; do
    [ -f "$hierarchy/cgroup.procs" ] || continue
    mkdir -p "$hierarchy/$group"
    for name in cpuset.cpus cpuset.mems; do
        [ ! -f "$hierarchy/$name" ] || cat "$hierarchy/$name" > "$hierarchy/$group/$name"
    done
    echo $$ > "$hierarchy/$group/cgroup.procs"
done
# The positional parameters are for the inner shell.
# shellcheck disable=SC2016
exec unshare --cgroup --net --mount --pid --fork --kill-child --mount-proc bash -euc '
    ip link set lo up
    hierarchies=$(cd /sys/fs/cgroup; for name in *; do [ -L "$name" ] || echo "$name"; done)
    mount --no-mtab -t tmpfs tmpfs /sys/fs/cgroup
    for name in $hierarchies; do
        mkdir -p "/sys/fs/cgroup/$name"
        case $name in
            unified) mount --no-mtab -t cgroup2 cgroup2 "/sys/fs/cgroup/$name" ;;
            systemd) mount --no-mtab -t cgroup -o none,name=systemd cgroup "/sys/fs/cgroup/$name" ;;
            *) mount --no-mtab -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name" ;;
        esac
    done
    mount --no-mtab -t tmpfs tmpfs /run
    exec "$@"' machine "$@"
