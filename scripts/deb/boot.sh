#!/bin/bash
# Boots the systemd of a Debian tree as PID 1 of its own namespaces: processes, mounts, network, cgroups. Takes the tree and
# a fresh cgroup (version 2). Ends with whoever started it.
set -eu
tree=$1 cgroup=$2
echo $$ >"$cgroup/cgroup.procs"
exec unshare --fork --kill-child --pid --mount --uts --ipc --cgroup --net bash -eu -c '
	mount --make-rprivate /
	mount --bind "$0" "$0"
	mount --make-rshared "$0" # or what systemd mounts for a service (its credentials) would not be seen by it
	cd "$0"
	mount -t proc proc proc
	mount -t sysfs sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs tmpfs run
	mount -t tmpfs -o mode=755 tmpfs dev
	while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<-END
		null 1 3
		zero 1 5
		full 1 7
		random 1 8
		urandom 1 9
		tty 5 0
	END
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=666,gid=5 devpts dev/pts
	mount -t tmpfs tmpfs dev/shm
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	ip link set lo up || true
	exec chroot . env -i container=tallywire PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=no
' "$tree"
