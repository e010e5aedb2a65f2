# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# shellcheck shell=sh
# A Slurm of a test's own: munged, slurmctld and slurmd on the loopback, with keys, sockets, ports, state and log in one
# scratch folder, one node of 8 pretended processors, and the partitions "low" (the default) and "high", whose jobs
# take the processors from those of "low". It needs no rights: root or any user runs all of it, for itself alone. A Slurm
# that the machine has otherwise is not touched: SLURM_CONF leads every command to this one.
#
#   slurm_start FOLDER || skip … "$slurm_reason"
#   …
#   slurm_stop

slurm_pids=
# shellcheck disable=SC2034 # for whoever sources this
slurm_reason=

# Numbers of ports that nobody listens on, below those that the system itself gives out.
slurm_ports() {  # slurm_ports COUNT
	awk -v count="$1" -v seed="$$" '
		$4 == "0A" { taken[substr($2, index($2, ":") + 1)] = 1 }
		END {
			srand(seed + srand())
			while (count > 0) {
				port = 20000 + int(12000 * rand())
				hex = sprintf("%04X", port)
				if (!(hex in taken)) { print port; taken[hex] = 1; count-- }
			}
		}' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# The path of a program that may lie in sbin, which not everybody's PATH has.
slurm_program() {
	PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin command -v "$1"
}

slurm_write_conf() {
	slurm_me=$(id -un) || slurm_me=$(id -u)
	slurm_host=$(uname -n)
	# shellcheck disable=SC2046 # three numbers
	set -- $(slurm_ports 2)
	cat >"$slurm_dir/slurm.conf" <<-END
		ClusterName=test
		SlurmctldHost=${slurm_host%%.*}(127.0.0.1)
		SlurmctldPort=$1
		SlurmdPort=$2
		SlurmUser=$slurm_me
		SlurmdUser=$slurm_me
		AuthInfo=socket=$slurm_dir/munge.socket,cred_expire=5
		StateSaveLocation=$slurm_dir/state
		SlurmdSpoolDir=$slurm_dir/spool
		SlurmctldPidFile=$slurm_dir/slurmctld.pid
		SlurmdPidFile=$slurm_dir/slurmd.pid
		SlurmdParameters=config_overrides
		ProctrackType=proctrack/linuxproc
		SchedulerType=sched/backfill
		SchedulerParameters=sched_interval=2,bf_interval=2,defer
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		PreemptType=preempt/partition_prio
		PreemptMode=REQUEUE
		JobRequeue=1
		KillWait=5
		MinJobAge=300
		ReturnToService=2
		MailProg=/bin/true
		NodeName=node1 NodeHostname=$slurm_host NodeAddr=127.0.0.1 CPUs=8
		PartitionName=low Nodes=node1 Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=10
		PartitionName=high Nodes=node1 MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF
	END
}

# Starts a program that stays, its words in a file of its name.
slurm_launch() {
	slurm_name=${1##*/}
	"$@" >"$slurm_dir/$slurm_name.out" 2>&1 </dev/null &
	slurm_pids="$! $slurm_pids"
}

slurm_launch_slurmd() {
	slurm_launch "$(slurm_program slurmd)" -D -N node1 -f "$SLURM_CONF"
}

# Control groups may ask for rights, or for systemd. Later versions can be told to do without them, and earlier ones stop
# at the word.
slurm_died() {
	slurm_until=0
	[ "$1" = "${slurm_pids%% *}" ] && [ ! -e "$slurm_dir/cgroup.conf" ] || return 0
	echo CgroupPlugin=disabled >"$slurm_dir/cgroup.conf"
	slurm_pids=${slurm_pids#* }
	slurm_launch_slurmd
	slurm_until=$(($(date +%s) + 30))
}

slurm_idle() {
	[ "$(sinfo -h -p low -o %T 2>/dev/null)" = idle ]
}

# slurm_start FOLDER: true when the node is idle; else what there was is stopped, and slurm_reason says why.
slurm_start() {
	slurm_dir=$1
	for slurm_need in munged slurmctld slurmd sinfo sbatch srun scancel scontrol; do
		slurm_program $slurm_need >/dev/null || {
			slurm_reason="there is no $slurm_need"
			return 1
		}
	done
	# A job's variables would lead to the cluster that the test itself runs on.
	# shellcheck disable=SC2046 # names
	unset $(env | sed -n 's/^\(S\(LURM\|BATCH\|RUN\)_[A-Z0-9_]*\)=.*/\1/p') SLURM_CONF
	mkdir -p "$slurm_dir/state" "$slurm_dir/spool" && chmod 755 "$slurm_dir" && slurm_write_conf || {
		slurm_reason="no configuration can be written in $slurm_dir"
		return 1
	}
	export SLURM_CONF="$slurm_dir/slurm.conf"
	(umask 077 && head -c 1024 /dev/urandom >"$slurm_dir/munge.key")
	slurm_launch "$(slurm_program munged)" --foreground --force --key-file="$slurm_dir/munge.key" \
		--socket="$slurm_dir/munge.socket" --pid-file="$slurm_dir/munge.pid" --log-file="$slurm_dir/munge.log" \
		--seed-file="$slurm_dir/munge.seed"
	slurm_tries=0
	until [ -S "$slurm_dir/munge.socket" ] || [ $slurm_tries -ge 50 ]; do
		slurm_tries=$((slurm_tries + 1))
		sleep 0.1
	done
	slurm_launch "$(slurm_program slurmctld)" -D -i -f "$SLURM_CONF"
	slurm_launch_slurmd
	slurm_until=$(($(date +%s) + 30))
	until slurm_idle; do
		for slurm_pid in $slurm_pids; do
			kill -0 "$slurm_pid" 2>/dev/null || slurm_died "$slurm_pid"
		done
		[ "$(date +%s)" -lt $slurm_until ] || {
			# shellcheck disable=SC2034
			slurm_reason=$(slurm_why)
			slurm_stop
			return 1
		}
		sleep 0.2
	done
}

# One line of what the daemons complained about.
slurm_why() {
	slurm_said=$(cat "$slurm_dir"/*.out | grep -E 'error|fatal|Error' | grep -v -i -e 'state file' -e 'NOTE:' -e 'pmi' -e 'MPI:' |
		tail -n 1 | cut -c 1-200)
	echo "Slurm does not come up here: ${slurm_said:-the node was not idle in 30 s}"
}

# Ends jobs and daemons; a second time does nothing. Jobs first: what a slurmd has started outlives it.
slurm_stop() {
	[ -n "$slurm_pids" ] || return 0
	timeout 5 scancel -u "$(id -un)" 2>/dev/null
	slurm_tries=0
	while [ -n "$(timeout 5 squeue -h 2>/dev/null)" ] && [ $slurm_tries -lt 50 ]; do
		slurm_tries=$((slurm_tries + 1))
		sleep 0.2
	done
	# shellcheck disable=SC2086 # a list of numbers
	kill $slurm_pids 2>/dev/null
	slurm_tries=0
	for slurm_pid in $slurm_pids; do
		while kill -0 "$slurm_pid" 2>/dev/null && [ $slurm_tries -lt 50 ]; do
			slurm_tries=$((slurm_tries + 1))
			sleep 0.1
		done
	done
	# shellcheck disable=SC2086
	kill -9 $slurm_pids 2>/dev/null
	# shellcheck disable=SC2086
	wait $slurm_pids 2>/dev/null
	slurm_pids=
}
