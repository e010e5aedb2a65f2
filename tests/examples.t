#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The option files of examples/ are taken as they are, and the smallest one samples what it says.
set -u
. "${top_srcdir:?}/tests/tap.sh"
for conf in "$top_srcdir"/examples/*.conf; do
	"$BASIN" sample --config "$conf" --out "$dir/run" --dump-config >"$dir/dump"
	ok $? "${conf##*/} is taken"
	# Every option of the file stands in the dump with its value.
	sed -n 's/^\([a-z-]* = .*\)$/\1/p' "$conf" >"$dir/want"
	[ "$(grep -c -x -F -f "$dir/want" "$dir/dump")" -eq "$(wc -l <"$dir/want")" ]
	ok $? "${conf##*/} gives the values that are used"
done
"$BASIN" sample --config "$top_srcdir/examples/gaussian-sgld.conf" --out "$dir/run" >"$dir/out"
ok $? "gaussian-sgld.conf runs"
grep -q "19900 states kept in each" "$dir/out"
ok $? "and keeps what it says"
grep -q "next: basin info" "$dir/out"
ok $? "and sends to a command that works on it"

# The published CIFAR protocols: the methods whose items in the manual name them have a file for either set, the files
# differ in nothing but what is a method's own, and each keeps 16 states; sam and asam have another protocol, that of
# asam's authors, and keep one. Four examples and a small network show that without the data.
methods=$(sed -n '/^\.Ss Methods/,/^\.Ss Schedules/s/^\.Pa cifar100-\(.*\)\.conf [,.]$/\1/p' "$top_srcdir/man/basin-sample.1" | sort -u)
methods=$(echo $methods)
[ -n "$methods" ]
ok $? "the methods are known"
for set in cifar10 cifar100; do
	for method in $methods; do
		conf=$top_srcdir/examples/$set-$method.conf
		[ -f "$conf" ] && grep -q -x "sampler = $method" "$conf"
		ok $? "$set-$method.conf is for $method"
		case $method in
		sam | asam) whose=authors own='^rho|^asam-eta' states='1 snapshot' ;;
		*) whose=common own='^sigma|^coupling|^temperature|^keep-last' states='16 snapshots' ;;
		esac
		grep -v -E "^#|^sampler|$own" "$conf" >"$dir/protocol"
		[ -f "$dir/$set-$whose" ] || cp "$dir/protocol" "$dir/$set-$whose"
		cmp -s "$dir/protocol" "$dir/$set-$whose"
		ok $? "$set-$method.conf has the $whose protocol"
		command=$(sed -n 's/^#   basin \(ood .*\)$/\1/p' "$conf")
		[ -n "$command" ] && "$BASIN" $command --dump-config >"$dir/dump" && grep -q -x 'ood-normalize = 0.5:0.5' "$dir/dump"
		ok $? "$set-$method.conf says how foreign images are scored"
		rm -rf "$dir/published"
		"$BASIN" sample --config "$conf" --data shapes --holdout 9996 --model lenet --batch 4 --epochs 16 --lr 0.001 --quiet \
			--out "$dir/published" >"$dir/out" && "$BASIN" info "$dir/published" | grep -q -w "$states"
		ok $? "$set-$method.conf keeps $states"
	done
done

# With noisy labels: one protocol for the five methods of either set, step sizes that fall to a tenth after epochs 50 and 100,
# and one state. The labels are given on the command line that each file says.
for set in cifar10n cifar100n; do
	case $set in cifar10n) file=aggregate.npy ;; *) file=noisy.npy ;; esac
	for method in sgd adamw sam asam fsgld; do
		name=$set-$method.conf
		conf=$top_srcdir/examples/$name
		grep -q -x "sampler = $method" "$conf" &&
			grep -q -x "#   basin sample --config examples/$name --data ${set%n}:DIR --labels $file --out RUN" "$conf"
		ok $? "$name is for $method, and says its command"
		grep -v -E '^#|^(sampler|lr|momentum|beta1|beta2|rho|asam-eta|beta|eta|weight-decay) =' "$conf" >"$dir/protocol"
		[ -f "$dir/$set" ] || cp "$dir/protocol" "$dir/$set"
		[ -s "$dir/protocol" ] && cmp -s "$dir/protocol" "$dir/$set"
		ok $? "$name has the common protocol"
		rm -rf "$dir/published"
		"$BASIN" sample --config "$conf" --data shapes --holdout 9996 --model lenet --batch 4 --lr 0.001 --log-every 1 \
			--quiet --out "$dir/published" >"$dir/out" && "$BASIN" info "$dir/published" | grep -q -w '1 snapshot'
		ok $? "$name keeps 1 snapshot"
		sed -n '1p;50,51p;100,101p;$p' "$dir/published/chain-0.log.jsonl" | sed 's/.*"step":\([0-9]*\),.*"lr":\([^,]*\),.*/\1 \2/' |
			awk 'NR == 1 { lr = $2 } { printf "%d %.4g ", $1, $2 / lr }' >"$dir/lr"
		[ "$(cat "$dir/lr")" = '1 1 50 1 51 0.1 100 0.1 101 0.01 150 0.01 ' ]
		ok $? "$name takes steps of a tenth from epoch 51, and of a hundredth from epoch 101"
	done
done

# The cyclical methods have a protocol of their own: 12 states, and noise at the end of each cycle.
for method in sgld sghmc; do
	conf=$top_srcdir/examples/cifar10-cyclical-$method.conf
	rm -rf "$dir/published"
	"$BASIN" sample --config "$conf" --data shapes --holdout 9996 --model lenet --batch 4 --epochs 16 --lr 0.001 --quiet \
		--out "$dir/published" >"$dir/out" && "$BASIN" info "$dir/published" >"$dir/out" && grep -q "12 snapshots" "$dir/out"
	ok $? "cifar10-cyclical-$method.conf keeps 12 states"
	tr -s ' \n' ' ' <"$dir/out" | grep -q 'the last 0.1 of each cycle (--explore 0.9)'
	ok $? "and samples in the last tenth of each cycle"
done

rm -rf "$dir/published"
"$BASIN" sample --config "$top_srcdir/examples/cifar10-low-precision-sgld.conf" --data shapes --holdout 9996 --model lenet --batch 4 \
	--log-every 1 --quiet --out "$dir/published" >"$dir/out" && "$BASIN" info "$dir/published" | grep -q "50 snapshots" &&
	[ "$(sed -n '1p;123,124p;221,222p;$p' "$dir/published/chain-0.log.jsonl" | sed 's/.*"step":\([0-9]*\),.*"lr":\([^,]*\),.*/\1 \2/' |
		awk '{ printf "%d %.3g ", $1, $2 }')" = '1 0.5 123 0.5 124 0.497 221 0.00753 222 0.005 245 0.005 ' ]
ok $? "cifar10-low-precision-sgld.conf keeps 50 states; steps are 0.5 for half of the epochs, and a hundredth of it from nine tenths on"

# The samplers that are held against Hamiltonian Monte Carlo sample one posterior, of the same data everywhere, and some thousand
# trajectories tell the sampler that is right from the one whose steps are too large.
set_of=$top_srcdir/examples/hmc-vs-sgmcmc
mkdir "$dir/held" && cd "$dir/held" || exit 99
sh "$set_of/data.sh" >data.csv
[ "$(cksum <data.csv)" = '2266634110 18669' ]
ok $? "hmc-vs-sgmcmc: the data are the same everywhere"
target() { grep -E '^(data|holdout|likelihood|model|activation|weight-decay|temperature|prior) ' "$1"; }
target "$set_of/hmc.conf" >target
for conf in "$set_of"/*.conf; do
	name=${conf##*/}
	name=${name%.conf}
	grep -q -x "#   basin sample --config $name.conf --out $name" "$conf"
	ok $? "hmc-vs-sgmcmc: $name.conf says its command"
	"$BASIN" sample --config "$conf" --out "$name" --dump-config >dump
	ok $? "hmc-vs-sgmcmc: $name.conf is taken"
	sed -n 's/^\([a-z-]* = .*\)$/\1/p' "$conf" >want
	[ "$(grep -c -x -F -f want dump)" -eq "$(wc -l <want)" ]
	ok $? "hmc-vs-sgmcmc: $name.conf gives the values that are used"
	target "$conf" | cmp -s - target
	ok $? "hmc-vs-sgmcmc: $name.conf is of the common posterior"
done
short() { "$BASIN" sample --config "$set_of/$1.conf" --out "$1" --quiet --threads 2 "$2" "$3" >said; }
far() { "$BASIN" compare hmc "$1" --split holdout --quiet --json >out && member w1 out; }
short hmc --steps 2000 && short sgld --seed 2 && short sgld-large --seed 2 && near=$(far sgld) && off=$(far sgld-large)
awk -v near="$near" -v off="$off" 'BEGIN { exit !(near > 0 && near < 0.015 && off > 0.03) }'
ok $? "hmc-vs-sgmcmc: sgld is within 0.015 of the reference, with large steps beyond 0.03"
cd "$dir" || exit 99

# The published protocol of SWAG, of a step an epoch: every epoch from the 161st to the 300th is kept, and fitted.
rm -rf "$dir/published"
"$BASIN" sample --config "$top_srcdir/examples/cifar10-sgd-swa.conf" --data shapes --holdout 9996 --model lenet --batch 4 --lr 0.001 \
	--lr-end 0.0005 --quiet --out "$dir/published" >"$dir/out" && "$BASIN" swag "$dir/published" --json --out "$dir/draws" >"$dir/out" &&
	[ "$(member rank) $(member draws) $(member snapshots)" = "20 30 140" ] &&
	"$BASIN" info "$dir/draws" | tr -s ' \n' ' ' | grep -q 'steps 161 to 300:'
ok $? "cifar10-sgd-swa.conf keeps the 140 states that basin swag fits"

# The job scripts take 64 chains in 8 parts, and ask for their job to be requeued where the program was interrupted.
# Without Slurm: srun is the command alone, once or as 8 ranks, and scontrol tells what it was asked. tests/slurm.t has the
# real ones.
mkdir "$dir/bin"
cat >"$dir/bin/srun" <<'END'
#!/bin/sh
while :; do
	case $1 in -*) shift ;; *) break ;; esac
done
rank=0
while [ $rank -lt "$RANKS" ]; do
	SLURM_PROCID=$rank SLURM_STEP_NUM_TASKS=$RANKS SLURM_LOCALID=0 "$@" || exit
	rank=$((rank + 1))
done
END
printf '#!/bin/sh\necho "$*" >>"%s"\n' "$dir/requeued" >"$dir/bin/scontrol"
chmod +x "$dir/bin/srun" "$dir/bin/scontrol"
printf 'model = gaussian:1,1\nlr = 0.1\nsteps = 10\nquiet = yes\n' >"$dir/job.conf"
job() {  # job SCRIPT VARIABLE=VALUE…
	script=$top_srcdir/examples/slurm/$1
	shift
	env PATH="$dir/bin:$PATH" CONF="$dir/job.conf" BASIN="$BASIN" SLURM_CPUS_PER_TASK=1 SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 "$@" \
		sh "$script"
}
bad=0
for task in 0 1 2 3 4 5 6 7; do
	job array.sbatch RANKS=1 SLURM_ARRAY_TASK_ID=$task RUN="$dir/array" || bad=1
done
[ $bad = 0 ] && [ "$(find "$dir/array" -name '*.snaps' | wc -l)" = 64 ]
ok $? "array.sbatch takes 64 chains in 8 jobs"
job step.sbatch RANKS=8 RUN="$dir/step" && [ "$(find "$dir/step" -name '*.snaps' | wc -l)" = 64 ]
ok $? "step.sbatch takes 64 chains by 8 ranks"
[ ! -e "$dir/requeued" ]
ok $? "and neither is requeued when it is done"
for status in 1 2 3; do
	printf '#!/bin/sh\nexit %s\n' $status >"$dir/bin/ends"
	chmod +x "$dir/bin/ends"
	job array.sbatch RANKS=1 SLURM_ARRAY_TASK_ID=5 BASIN="$dir/bin/ends"
	echo $?
	job step.sbatch RANKS=1 BASIN="$dir/bin/ends"
	echo $?
done >"$dir/statuses"
[ "$(tr '\n' ' ' <"$dir/statuses")" = "1 1 2 2 3 3 " ]
ok $? "their status is the program's"
[ "$(tr '\n' ' ' <"$dir/requeued")" = "requeue 7_5 requeue 7 " ]
ok $? "and what was interrupted is requeued, of an array the one job"
done_testing
