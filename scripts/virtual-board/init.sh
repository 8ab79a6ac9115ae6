#!/bin/sh
# PID 1 of the virtual board: mounts what Linux has, makes the board's simulated hardware, runs the command, halts.
# The folder of this run has `settings`, `chips` and `command` to read, and takes `status`, and questions (see cpu-time.mjs).
# It is $BOARD of the machine that this is a process of, from the kernel's command line; an emulated one has it as a share.
# All else on this file system is read-only.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home TMPDIR=/run/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
grep -q '^devtmpfs /dev ' /proc/mounts || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /run/board /run/home /run/tmp
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t configfs configfs /sys/kernel/config
if [ -n "$BOARD" ]; then
	mount -t hostfs hostfs /run/board -o "$BOARD"
else
	mount -t 9p -o trans=virtio,version=9p2000.L board /run/board
fi
# BusyBox and iproute2 both know this; without either there is only no network.
ip link set lo up
if [ -d /sys/class/net/eth0 ]; then
	ip addr add 10.0.2.15/24 dev eth0
	ip link set eth0 up
	ip route add default dev eth0
fi
stty -onlcr </dev/console

# A chip is a line of `chips`: its label, how many lines it has, and the names of the lines as OFFSET=NAME.
gpio=/sys/kernel/config/gpio-sim/board
mkdir $gpio
bank=0
while read -r label lines names; do
	mkdir "$gpio/bank$bank"
	echo "$lines" >"$gpio/bank$bank/num_lines"
	echo "$label" >"$gpio/bank$bank/label"
	# All with one program: on an emulated machine each takes a tenth of a second.
	set --
	for name in $names; do set -- "$@" "$gpio/bank$bank/line${name%%=*}"; done
	mkdir "$@"
	for name in $names; do
		echo "${name#*=}" >"$gpio/bank$bank/line${name%%=*}/name"
	done
	bank=$((bank + 1))
done </run/board/chips
echo 1 >$gpio/live
# Inputs are driven in this folder: sim_gpio17/pull takes pull-up and pull-down, sim_gpio17/value tells an output.
VB_SIM=$(echo /sys/devices/platform/"$(cat $gpio/dev_name)"/gpiochip*)

# USB serial adapters, unplugged: what is written to /dev/ttyGS0 comes out of /dev/ttyACM0 while the name of the first
# controller, dummy_udc.0, is in $VB_USB/0/UDC; an empty line pulls it out.
VB_USB=/sys/kernel/config/usb_gadget
for udc in /sys/class/udc/*; do
	adapter=$VB_USB/${udc##*.}
	mkdir -p "$adapter/strings/0x409" "$adapter/configs/c.1" "$adapter/functions/acm.usb${udc##*.}"
	echo 0x1d6b >"$adapter/idVendor"
	echo 0x0104 >"$adapter/idProduct"
	echo "VB00${udc##*.}" >"$adapter/strings/0x409/serialnumber"
	ln -s "$adapter/functions/acm.usb${udc##*.}" "$adapter/configs/c.1/"
done

VB_RUN=/run/board
export VB_SIM VB_USB VB_RUN
. /run/board/settings
sh /run/board/command
echo $? >/run/board/status
mkfifo /run/never
sync
echo o >/proc/sysrq-trigger
# Whatever is not in memory yet is out of reach by now.
read -r _ </run/never
