using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Prints scripts for shell completion of the tool's commands, options and the addresses of live endpoints.</summary>
internal sealed class CompletionCommand : ToolCommand
{
    // The shell must not expand the tool's proposals: another program may have chosen an address. Bash ends a word at a colon: the script
    // cuts off the part of the word before it.
    private const string Bash = $$"""
        # Completion of fairlead for bash: source <(fairlead completion bash)
        _fairlead() {
          local line=${COMP_LINE:0:COMP_POINT} words current i
          read -ra words <<< "$line"
          [[ $line != *' ' ]] || words+=('')
          current=${words[${#words[@]}-1]}
          mapfile -t COMPREPLY < <("${words[0]}" {{CompleteCommand.Verb}} -- "${words[@]:1}" 2> /dev/null)
          for i in "${!COMPREPLY[@]}"; do
            if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then COMPREPLY[i]=${COMPREPLY[i]#"${current%"${current##*:}"}"}; fi
            if [[ ${COMPREPLY[i]} == *[!a-zA-Z0-9:/._-]* ]]; then printf -v "COMPREPLY[i]" %q "${COMPREPLY[i]}"; fi
          done
        }
        complete -o default -F _fairlead fairlead

        """;

    private const string Zsh = $$"""
        #compdef fairlead
        # Completion of fairlead for zsh: source <(fairlead completion zsh), or as a file _fairlead in a folder of $fpath
        compdef _fairlead fairlead
        _fairlead() {
          local -a proposals
          proposals=(${(f)"$("${words[1]}" {{CompleteCommand.Verb}} -- "${(@)words[2,CURRENT]}" 2> /dev/null)"})
          if (( $#proposals )); then compadd -- "${proposals[@]}"; else _files; fi
        }
        if [ "$funcstack[1]" = _fairlead ]; then _fairlead "$@"; fi

        """;

    // Without proposals, such as behind --file, fish proposes files.
    private const string Fish = $$"""
        # Completion of fairlead for fish: fairlead completion fish | source. Or as a file: ~/.config/fish/completions/fairlead.fish.

        function __fairlead_words
          set -l words (commandline -opc)
          set -l current (commandline -ct)
          $words[1] {{CompleteCommand.Verb}} -- $words[2..] "$current" 2> /dev/null
        end

        complete -c fairlead -n 'string length -q -- (__fairlead_words)' -f -a '(__fairlead_words)'

        """;

    private readonly Argument<string> _shell = new("SHELL") { Description = "bash, zsh or fish" };

    public CompletionCommand()
        : base("completion", "Print a shell script that completes commands, options and live addresses")
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Add(_shell);
        Examples =
        [
            ("source <(fairlead completion bash)", "For this shell; put it into ~/.bashrc for all shells"),
            ("fairlead completion zsh > ~/.zfunc/_fairlead", "For zsh, in a directory of $fpath"),
            ("fairlead completion fish > ~/.config/fish/completions/fairlead.fish", "For fish"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var script = parsed.GetRequiredValue(_shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        };
        StandardOutput.WriteLine(script.TrimEnd());
        return Task.FromResult(ExitCode.Ok);
    }
}
