# Completion of c2l for fish. Options are taken from the program's own help, so they cannot go out of date.
function __c2l_options
    set -l words (commandline -opc)
    c2l $words[2] --help 2>/dev/null | string match -ra -- '(?<=[ ,])--[a-z-]+'
end
set -l commands generate history morph score info models download import export dataset train evaluate selftest bench version help
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a generate -d 'Draw pictures for prompts'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a history -d 'List pictures of the library'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a morph -d 'Move from picture to picture'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a score -d 'Say how well a picture fits words'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a info -d 'Say what a file or a bundle is'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a models -d 'List what is installed and what can be had'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a download -d 'Download models of the catalogue'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a import -d 'Make a bundle from the original files'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a export -d 'Write a prior as a checkpoint'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a dataset -d 'Make training data'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a train -d 'Train a prior'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a evaluate -d 'Say how good a prior is'
complete -c c2l -n "__fish_seen_subcommand_from train" -a 'model=small model=mid model=starter data=starter data=sg2-ffhq data=sg2-ffhq-w3 data=sg2-encoded-ffhq data=sg3-lhq'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a selftest -d 'Compare with the original programs'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a bench -d 'Measure how fast this machine draws'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a version -d 'Say which version this is'
complete -c c2l -n "not __fish_seen_subcommand_from $commands" -f -a help -d 'Show help'
complete -c c2l -n "test (count (commandline -opc)) -eq 2; and string match -q -- help (commandline -opc)[2]" -f -a "$commands"
complete -c c2l -n "__fish_seen_subcommand_from $commands; and string match -q -- '-*' (commandline -ct)" -a '(__c2l_options)'
