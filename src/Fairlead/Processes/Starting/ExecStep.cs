using System.Globalization;
using Fairlead.Native.Processes;

namespace Fairlead.Processes.Starting;

/// <summary>
/// Adds what <c>posix_spawn</c> cannot do for a child, by small programs that run first and then become the child. <c>setpriv</c> ties it
/// to its parent, the shell sets ignored signals and limits, and writes the child's identity into a file. The process ID stays the
/// same.
/// </summary>
internal static class ExecStep
{
    // The parent may have died before the tie took effect, and the tie would never fire: a process with another parent by then ends too.
    // The first four arguments are the number of the parent, the list of signals, the descriptor for the identity, and the commands that
    // set limits.
    private const string Script =
        Identify
        + "if [ \"$1\" != 0 ] && [ \"$PPID\" != \"$1\" ]; then kill -KILL $$; fi; [ -z \"$2\" ] || trap '' $2; "
        + "[ -z \"$3\" ] || identify \"$3\" || { echo 'fairlead: cannot write down which process this is' >&2; exit 126; }; "
        + "eval \"$4\" || { echo 'fairlead: cannot limit this process' >&2; exit 126; }; shift 4; exec \"$@\"";

    // The shell itself reads and writes, without another process: fields 1 and 22 of its stat, as ProcessIdentity writes them.
    private const string Identify =
        "identify() { IFS= read -r _fairlead </proc/self/stat && set -- \"$1\" ${_fairlead%% *} ${_fairlead##*\") \"} && unset _fairlead "
        + "&& eval \"echo \\\"\\$2@\\${22}\\\" >&$1 && exec $1>&-\"; }; ";

    /// <summary>Returns the start request with the steps before it.</summary>
    /// <exception cref="FairleadException">NotSupported: a program that this needs is missing.</exception>
    public static SpawnRequest Before(
        SpawnRequest request, bool isTied, IReadOnlyCollection<int> ignored, int? identity = null, string limits = "")
    {
        if (!isTied && ignored.Count == 0 && identity is null && limits.Length == 0)
        {
            return request;
        }

        List<string> arguments = [];
        string shell = Require("sh", "a shell");
        string first = shell;
        if (isTied)
        {
            first = Require("setpriv", "setpriv of util-linux");
            arguments.AddRange(["setpriv", "--pdeathsig", "KILL", "--"]);
        }

        // Some shells drop variables whose names are not valid in the shell; env restores them.
        string[] odd =
        [
            .. request.Environment.Where(static variable =>
                !IsShellName(variable.AsSpan(0, Math.Max(0, variable.IndexOf('=', StringComparison.Ordinal))))),
        ];
        string parent = isTied ? NativeProcess.Id.ToString(CultureInfo.InvariantCulture) : "0";
        arguments.AddRange(
            [isTied ? shell : "sh", "-c", Script, "fairlead", parent, string.Join(' ', ignored), Number(identity), limits]);
        if (odd.Length > 0)
        {
            arguments.AddRange([Require("env", "env"), "--", .. odd]);
            if (request.Path.Contains('=', StringComparison.Ordinal))
            {
                // env would take the path for a variable; nice changes nothing by zero.
                arguments.AddRange([Require("nice", "nice"), "-n", "0", "--"]);
            }
        }

        return request with { Path = first, Arguments = [.. arguments, request.Path, .. request.Arguments.Skip(1)] };
    }

    private static string Number(int? descriptor) => descriptor?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Require(string program, string what) =>
        ProgramFile.Exists(program)
            ? ProgramFile.Find(program)
            : throw new FairleadException(
                ErrorCode.NotSupported,
                $"starting a child with these options needs {what}, which is not in PATH",
                "Install it, or start the child without TiedToParent, IgnoredSignals, IdentityFile and Limits.");

    private static bool IsShellName(ReadOnlySpan<char> name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }

        return name.Length > 0 && !char.IsAsciiDigit(name[0]);
    }
}
