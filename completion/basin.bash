# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# bash completion for basin. Made from the option tables by `make update-docs`: edit those.
_basin()
{
	local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} options= words= files= flags= arguments=() place=0 i
	COMPREPLY=()
	if [[ $cur == : || $option == : ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "${cur#:}")
		return
	elif [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'sample swag predict decide ood diagnose compare flatness info data export help --help --version' -- "$cur")
		return
	fi
	case $command in
	help)
		((COMP_CWORD == 2)) && words='sample swag predict decide ood diagnose compare flatness info data export' || option=-- ;;
	sample)
		options='--data --labels --holdout --target --header --decimal --drop --id --category --missing --unknown --standardize --no-standardize --normalize --augment --model --gradient-noise --activation --norm --init --freeze --likelihood --noise-sd --class-weight --prior --weight-decay --temperature --beta --precision --conv-algo --fast --bn-stats --sampler --epochs --steps --batch --sampling --lr --lr-end --schedule --cycles --explore --milestones --gamma --swa-start --chains --only --seed --out --resume --keep-last --keep-every --burn-in --snapshot-dtype --log-every --checkpoint-every --momentum --nesterov --beta1 --beta2 --adam-eps --decay-form --rho --perturb-decay --base --asam-eta --micro-batch --reweight --probe-size --clip --tail-index --tail-scale --heavy-batch --large-batch --sigma --eta --rms-decay --rms-eps --correction --refresh --bits --fraction --gradient-fraction --variant --friction --momentum-init --noise-estimate --thermostat-mass --trajectory --accept --coupling --inner-steps --average --outer-rate --restart --anchor-decay --device --threads --workers --quiet --progress --config --dump-config --help --version'
		flags=' --standardize --no-standardize --fast --nesterov --perturb-decay --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--labels) files=yes ;;
		--holdout) words=',random]' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--missing) words='refuse mean indicator' ;;
		--unknown) words='refuse other' ;;
		--standardize) option= ;;
		--no-standardize) option= ;;
		--normalize) words='data none' ;;
		--augment) words='none crop-flip' ;;
		--model) words='linear mlp: lenet resnet18 resnet20 resnet34 resnet50 gaussian: double-well: banana: mixture: wells: basins: quadratics:' ;;
		--activation) words='relu silu tanh' ;;
		--norm) words='bn frn' ;;
		--init) files=yes ;;
		--likelihood) words='categorical gaussian bernoulli heteroscedastic' ;;
		--noise-sd) words='learn' ;;
		--class-weight) words='balanced' ;;
		--precision) words='fp32 bf16' ;;
		--conv-algo) words='auto direct winograd gemm' ;;
		--fast) option= ;;
		--bn-stats) words='run recompute' ;;
		--sampler) words='sgd adamw sam asam m-sam rw-sam tail-sgd sgld fsgld psgld sgld-cv low-precision-sgld sghmc sgnht hmc entropy-sgd entropy-sgld entropy-mcmc' ;;
		--sampling) words='shuffle iid' ;;
		--schedule) words='constant cosine cyclical step swa' ;;
		--out) files=yes ;;
		--resume) files=yes ;;
		--snapshot-dtype) words='float32 float16 bfloat16' ;;
		--nesterov) option= ;;
		--decay-form) words='decoupled coupled' ;;
		--perturb-decay) option= ;;
		--base) words='sgd adamw' ;;
		--heavy-batch) words='same fresh full none' ;;
		--correction) words='none exact probe' ;;
		--variant) words='full naive corrected' ;;
		--momentum-init) words='zero normal' ;;
		--restart) words='none x' ;;
		--device) words='cpu cuda' ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	swag)
		options='--rank --draws --scale --seed --out --snapshot-dtype --data --chain --role --from-step --to-step --every --last --skip-damaged --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --skip-damaged --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--out) files=yes ;;
		--snapshot-dtype) words='float32 float16 bfloat16' ;;
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--skip-damaged) option= ;;
		--device) words='cpu cuda' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	predict)
		options='--data --split --header --decimal --unknown --curve --scores --ensemble --csv --level --save-probs --save-member-probs --overwrite --decide --probs --labels --chain --role --from-step --to-step --every --last --skip-damaged --batch --precision --conv-algo --fast --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --curve --overwrite --skip-damaged --fast --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--split) words='train test holdout' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--unknown) words='refuse other' ;;
		--curve) option= ;;
		--scores) words='few all' ;;
		--ensemble) files=yes ;;
		--csv) files=yes ;;
		--save-probs) files=yes ;;
		--save-member-probs) files=yes ;;
		--overwrite) option= ;;
		--decide) files=yes ;;
		--probs) files=yes ;;
		--labels) files=yes ;;
		--skip-damaged) option= ;;
		--precision) words='fp32 bf16' ;;
		--conv-algo) words='auto direct winograd gemm' ;;
		--fast) option= ;;
		--device) words='cpu cuda' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	decide)
		options='--out --overwrite --data --split --header --unknown --decimal --probs --labels --coverage --sets --by-class --intervals --temperature-scaling --risk --false-alarm --score --confidence --chain --role --from-step --to-step --every --last --skip-damaged --batch --precision --conv-algo --fast --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --overwrite --by-class --temperature-scaling --skip-damaged --fast --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--out) files=yes ;;
		--overwrite) option= ;;
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--split) words='train test holdout' ;;
		--header) words='yes no' ;;
		--unknown) words='refuse other' ;;
		--decimal) words='point comma' ;;
		--probs) files=yes ;;
		--labels) files=yes ;;
		--sets) words='lac aps raps' ;;
		--by-class) option= ;;
		--intervals) words='normalised absolute quantiles' ;;
		--temperature-scaling) option= ;;
		--score) words='entropy mi msp max-logit energy' ;;
		--skip-damaged) option= ;;
		--precision) words='fp32 bf16' ;;
		--conv-algo) words='auto direct winograd gemm' ;;
		--fast) option= ;;
		--device) words='cpu cuda' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	ood)
		options='--ood --id --split --header --decimal --unknown --score --ood-normalize --save-scores --overwrite --id-probs --ood-probs --chain --role --from-step --to-step --every --last --skip-damaged --batch --precision --conv-algo --fast --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --overwrite --skip-damaged --fast --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--ood) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--id) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--split) words='train test holdout' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--unknown) words='refuse other' ;;
		--score) words='entropy mi msp max-logit energy' ;;
		--ood-normalize) words='id' ;;
		--save-scores) files=yes ;;
		--overwrite) option= ;;
		--id-probs) files=yes ;;
		--ood-probs) files=yes ;;
		--skip-damaged) option= ;;
		--precision) words='fp32 bf16' ;;
		--conv-algo) words='auto direct winograd gemm' ;;
		--fast) option= ;;
		--device) words='cpu cuda' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	diagnose)
		options='--data --split --header --decimal --unknown --probe --points --directions --judge-parameters --gradients --max-rhat --min-ess --max-temperature-error --max-mcse --max-gradient-noise --max-dead --min-distance --chain --role --from-step --to-step --every --last --skip-damaged --batch --precision --conv-algo --fast --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --skip-damaged --fast --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--split) words='train test holdout' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--unknown) words='refuse other' ;;
		--probe) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--judge-parameters) words='auto yes no' ;;
		--skip-damaged) option= ;;
		--precision) words='fp32 bf16' ;;
		--conv-algo) words='auto direct winograd gemm' ;;
		--fast) option= ;;
		--device) words='cpu cuda' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	compare)
		options='--data --split --header --decimal --unknown --labels --chain --role --from-step --to-step --every --last --skip-damaged --batch --precision --conv-algo --fast --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --skip-damaged --fast --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--split) words='train test holdout' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--unknown) words='refuse other' ;;
		--labels) files=yes ;;
		--skip-damaged) option= ;;
		--precision) words='fp32 bf16' ;;
		--conv-algo) words='auto direct winograd gemm' ;;
		--fast) option= ;;
		--device) words='cpu cuda' ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	flatness)
		options='--top --tolerance --probes --density --lanczos-steps --decay --by --tensors --seed --data --split --header --decimal --unknown --examples --batch --chain --role --from-step --to-step --every --last --skip-damaged --device --threads --json --quiet --progress --config --dump-config --help --version'
		flags=' --density --decay --skip-damaged --json --quiet --progress --dump-config --help --version '
		arguments=(/)
		case $option in
		--density) option= ;;
		--decay) option= ;;
		--by) words='net tensor' ;;
		--data) words='shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:' ;;
		--split) words='train test holdout' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--unknown) words='refuse other' ;;
		--skip-damaged) option= ;;
		--json) option= ;;
		--quiet) option= ;;
		--progress) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	info)
		options='--tensors --verify --json --config --dump-config --help --version'
		flags=' --tensors --verify --json --dump-config --help --version '
		arguments=('/ shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:')
		case $option in
		--tensors) option= ;;
		--verify) option= ;;
		--json) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	data)
		options='--split --labels --holdout --target --header --decimal --drop --id --category --missing --format --out --overwrite --json --config --dump-config --help --version'
		flags=' --overwrite --json --dump-config --help --version '
		arguments=('info write' 'shapes glyphs cifar10: cifar100: svhn: mnist: fashion-mnist: npy: csv:')
		case $option in
		--split) words='train test holdout' ;;
		--labels) files=yes ;;
		--holdout) words=',random]' ;;
		--header) words='yes no' ;;
		--decimal) words='point comma' ;;
		--missing) words='refuse mean indicator' ;;
		--format) words='cifar10 svhn' ;;
		--out) files=yes ;;
		--overwrite) option= ;;
		--json) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	export)
		options='--format --out --overwrite --chain --role --from-step --to-step --every --last --skip-damaged --json --config --dump-config --help --version'
		flags=' --overwrite --skip-damaged --json --dump-config --help --version '
		arguments=(/)
		case $option in
		--format) words='npz' ;;
		--out) files=yes ;;
		--overwrite) option= ;;
		--skip-damaged) option= ;;
		--json) option= ;;
		--config) files=yes ;;
		--dump-config) option= ;;
		--help) option= ;;
		--version) option= ;;
		esac ;;
	esac
	if [[ $words || $files ]]; then
		:
	elif [[ $cur == -* ]]; then
		words=$options
	elif [[ $option != --* && ${arguments-} ]]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			case ${COMP_WORDS[i]} in
			:) ((i++)) ;;
			--*)
				[[ $flags == *" ${COMP_WORDS[i]} "* ]] || ((i++))
				[[ ${COMP_WORDS[i]} != = ]] || ((i++)) ;;
			*) ((place++)) ;;
			esac
		done
		((place < ${#arguments[@]})) || place=$((${#arguments[@]} - 1))
		words=${arguments[place]}
		[[ $words != /* ]] || files=yes words=${words#/}
	fi
	[[ ! $files ]] || compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen ${files:+-f} -W "$words" -- "$cur")
	[[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace 2>/dev/null
}
complete -F _basin basin
