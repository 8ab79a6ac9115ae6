#!/bin/sh
# The first program of the arm64 board: loads its modules, puts its root together out of the folders that are shared with it,
# and hands over to init.sh. Nothing of these folders can be changed from here: what is written to the root is in memory.
# $PROJECT is from the kernel's command line.
export PATH=/bin
/bin/busybox --install -s /bin
while read -r module options; do
	# shellcheck disable=SC2086
	insmod "/modules/$module.ko" $options
done </modules/order
shared="trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro"
mount -t 9p -o $shared root /root
mount -t 9p -o $shared programs /programs
mount -t tmpfs layer /layer
mkdir /layer/changes /layer/work
mount -t overlay -o lowerdir=/programs:/root,upperdir=/layer/changes,workdir=/layer/work root /newroot
mkdir -p "/newroot$PROJECT"
mount -t 9p -o $shared project "/newroot$PROJECT"
# The addon that npm compiles is for the machine that npm ran on.
addon=$PROJECT/node_modules/epoll/build/Release/epoll.node
[ -f /programs/epoll.node ] && [ -f "/newroot$addon" ] && mount -o bind /programs/epoll.node "/newroot$addon"
exec switch_root /newroot "$PROJECT/scripts/virtual-board/init.sh"
