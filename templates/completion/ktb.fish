# Completion of ktb, kube-toolbox and, in a project with config/launch.yaml, of make. Put this line into
# ~/.config/fish/config.fish:
#   ktb completion shell=fish | source

function __ktb_complete
    set -l typed (commandline -opc) (commandline -ct)
    $argv completion complete=(string join \n -- $typed[2..] | string collect) 2>/dev/null
end

complete -c ktb -f -a '(__ktb_complete ktb)'
complete -c kube-toolbox -f -a '(__ktb_complete kube-toolbox)'
complete -c make -n 'test -e config/launch.yaml' -a '(__ktb_complete make -s --no-print-directory)'
