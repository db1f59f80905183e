using System.Runtime.InteropServices;
using Fairlead.Cli.Output;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>Runs a program while this process is inside a lock for it.</summary>
internal static class ProgramInside
{
    private static readonly Dictionary<int, SafeHandle> NoFiles = [];

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
            return await RunAsync(command, variables, identity: null, shared: null, cancellationToken);
        }

        await inside.WaitForPredecessorsAsync(cancellationToken);
        return await inside.RunAsync(file => RunAsync(command, variables, file, shared: null, cancellationToken));
    }

    /// <summary>Runs it to its end, as the other method does, in the lock of a kernel object.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="shared">The open file that has the lock, which the program gets too; null: none.</param>
    /// <param name="cancellationToken">Cancels it before the program starts.</param>
    public static Task<int> RunAsync(string[] command, SafeHandle? shared, CancellationToken cancellationToken) =>
        RunAsync(command, [], identity: null, shared, cancellationToken);

    private static async Task<int> RunAsync(
        string[] command,
        IEnumerable<KeyValuePair<string, string?>> variables,
        SafeHandle? identity,
        SafeHandle? shared,
        CancellationToken cancellationToken)
    {
        // A signal ends the wait before, or reaches the program; none is lost in between.
        using var passing = new SignalPassing();
        cancellationToken.ThrowIfCancellationRequested();
        await using var child = ChildProcess.Start(command[0], command[1..], new ChildProcessOptions
        {
            TiedToParent = true,
            IdentityFile = identity,

            // Its own number is free in the child, too: files that this process has inherited have other numbers.
            Descriptors = shared is null ? NoFiles : new Dictionary<int, SafeHandle> { [(int)shared.DangerousGetHandle()] = shared },
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
