using System.Runtime.InteropServices;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;
using Fairlead.Processes;

namespace Fairlead.Cli.Services;

/// <summary>Serves each client in a program, which inherits the connection. The registry lists each of them while it runs.</summary>
internal sealed class ClientPrograms : IClientWorkers
{
    private readonly string _program;
    private readonly string[] _arguments;
    private readonly bool _isOverStreams;
    private readonly bool _isVerbose;
    private readonly TimeSpan? _timeout;

    private ClientPrograms(string program, string[] arguments, bool isOverStreams, int most, TimeSpan? timeout, bool isVerbose)
    {
        (_program, _arguments, _isOverStreams, _timeout, _isVerbose) = (program, arguments, isOverStreams, timeout, isVerbose);
        Places = new ClientPlaces(most);
    }

    public ClientPlaces Places { get; }

    /// <summary>Runs a shell command, with the connection as its standard input and output, as under <c>inetd</c>.</summary>
    /// <param name="command">The command.</param>
    /// <param name="most">How many run at the same time.</param>
    /// <param name="timeout">How long one may run before it is killed with what it has started; null: without end.</param>
    /// <param name="isVerbose">Whether to report each.</param>
    public static ClientPrograms OfCommand(string command, int most, TimeSpan? timeout, bool isVerbose) =>
        new("/bin/sh", ["-c", command], isOverStreams: true, most, timeout, isVerbose);

    /// <summary>Runs this tool, with the connection as descriptor 3.</summary>
    public static ClientPrograms OfService(string service, string? zone, int most, bool isVerbose)
    {
        var (program, arguments) = OwnProgram.With(["serve", service, "fd://3", .. zone is null ? [] : new[] { "--zone", zone }]);
        return new ClientPrograms(program, [.. arguments], isOverStreams: false, most, timeout: null, isVerbose);
    }

    public void Start(SocketConnection connection, SocketListener listener, CancellationToken cancellationToken)
    {
        using (connection)
        {
            ChildProcess child;
            try
            {
                child = ChildProcess.Start(_program, _arguments, Options(connection));
            }
            catch (FairleadException exception)
            {
                Places.Release();
                ErrorLine.Write($"a client was disconnected: {exception.Message}");
                return;
            }

            _ = EndAsync(child, connection.Peer, listener.Register(child.Id));
            if (_isVerbose)
            {
                ErrorLine.WriteBare($"{child} serves {connection.Peer}");
            }
        }
    }

    private ChildProcessOptions Options(SocketConnection connection) => _isOverStreams
        ? new ChildProcessOptions
        {
            StandardInput = Redirection.To(connection.ForProgram()),
            StandardOutput = Redirection.To(connection.ForProgram()),
            Environment = PeerVariables.Of(connection),
            TiedToParent = true,
        }
        : new ChildProcessOptions
        {
            StandardInput = Redirection.Null,
            Descriptors = new Dictionary<int, SafeHandle> { [3] = connection.ForProgram() },
            TiedToParent = true,
        };

    private async Task EndAsync(ChildProcess child, Peer peer, IDisposable entry)
    {
        using CancellationTokenSource end = new(_timeout ?? Timeout.InfiniteTimeSpan);
        try
        {
            await using (child)
            {
                try
                {
                    await child.ExitAsync(end.Token);
                }
                catch (OperationCanceledException)
                {
                    await ShellCommand.KillAsync(child);
                    ErrorLine.Write($"the command for {peer} ran longer than {DurationText.Describe(_timeout!.Value)} and was killed");
                }
            }
        }
        finally
        {
            entry.Dispose();
            Places.Release();
        }
    }
}
