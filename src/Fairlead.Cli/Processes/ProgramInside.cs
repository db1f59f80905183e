using System.Runtime.InteropServices;
using Fairlead.Cli.Output;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>Runs a program while this process is inside a lock for it.</summary>
internal static class ProgramInside
{
    /// <summary>Runs it to its end, tied to this process, and returns its status as shells report it.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="variables">Additional environment variables.</param>
    /// <param name="inside">The lock, which the next owner enters only after the command; null: an outer command holds it.</param>
    /// <param name="cancellationToken">Cancels it before the program starts.</param>
    public static async Task<int> RunAsync(
        string[] command,
        IEnumerable<KeyValuePair<string, string?>> variables,
        CommandInside? inside,
        CancellationToken cancellationToken)
    {
        if (inside is null)
        {
            return await RunAsync(command, variables, identity: null, cancellationToken);
        }

        await inside.WaitForPredecessorsAsync(cancellationToken);
        return await inside.RunAsync(file => RunAsync(command, variables, file, cancellationToken));
    }

    private static async Task<int> RunAsync(
        string[] command,
        IEnumerable<KeyValuePair<string, string?>> variables,
        SafeHandle? identity,
        CancellationToken cancellationToken)
    {
        // A signal ends the wait before, or reaches the program; none is lost in between.
        using var passing = new SignalPassing();
        cancellationToken.ThrowIfCancellationRequested();
        await using var child = ChildProcess.Start(command[0], command[1..], new ChildProcessOptions
        {
            TiedToParent = true,
            IdentityFile = identity,
            Environment = new Dictionary<string, string?>(variables) { [EnclosingLock.Variable] = ProcessIdentity.Current.ToString() },
        });
        passing.To(child);
        var exit = await child.ExitAsync(CancellationToken.None);
        if (exit is ChildExit.Killed killed)
        {
            ErrorLine.Write($"{command[0]} was {killed}");
        }

        return exit.ShellCode;
    }
}
