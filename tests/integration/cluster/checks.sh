# Sourced by the scenarios below: the cluster's commands in a copy of the checkout, and what a machine holds.
cluster() { timeout 180 python3 -m cluster "$@" >> "$LOG" 2>&1 || { echo "cluster $* failed:"; cat "$LOG"; exit 1; }; }

snapshot() { # everything that a cluster could leave behind
    ip -oneline link | cut -d: -f2 | sort
    ip route
    iptables-save | grep -v '^[#:*]' | grep -v COMMIT || true
    cat /proc/sys/net/ipv4/ip_forward
    find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d | sort
    find /run | sort
    ls -d .cluster /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers /opt/containerd /etc/cni 2> /dev/null || true
    ps -eo comm= | grep -vE '^(ps|bash|grep|cut|sort|find|ls|ip|cat|python3?|timeout|sleep)$' || true
    # The builder's mounts on the real machine come and go.
    cut -d' ' -f2,3 /proc/mounts | grep -v /var/lib/containers
}

nothing_left() { # a command whose parent was killed may need a moment to notice
    for _ in $(seq 25); do
        snapshot > "$WORK/after"
        if diff "$WORK/before" "$WORK/after" > "$WORK/difference"; then return; fi
        sleep 0.2
    done
    cat "$WORK/difference"; echo "left behind after: $1"; exit 1
}

ready() { # the node runs pods and answers names
    export KUBECONFIG=$PWD/.cluster/kubeconfig
    .cluster/bin/kubectl wait --for=condition=Ready node/agentjob --timeout=60s >> "$LOG"
    .cluster/bin/kubectl --namespace=kube-system rollout status deployment/coredns --timeout=60s >> "$LOG"
}

killed_after() { # SECONDS COMMAND...: starts a cluster command and kills it after some time, as `kill -9` does
    local seconds=$1; shift
    python3 -m cluster "$@" > /dev/null 2>&1 & local pid=$!
    sleep "$seconds"
    kill -9 "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
}
LOG=$WORK/log
: > "$LOG"
snapshot > "$WORK/before"
