using System.Globalization;
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
    private readonly ProgramLimits _limits;

    private ClientPrograms(string program, string[] arguments, bool isOverStreams, int most, ProgramLimits limits, bool isVerbose)
    {
        (_program, _arguments, _isOverStreams, _limits, _isVerbose) = (program, arguments, isOverStreams, limits, isVerbose);
        Places = new ClientPlaces(most);
    }

    public ClientPlaces Places { get; }

    /// <summary>Runs a shell command, with the connection as its standard input and output, as under <c>inetd</c>.</summary>
    /// <param name="command">The command.</param>
    /// <param name="most">How many run at the same time.</param>
    /// <param name="limits">One that exceeds them is killed with what it has started.</param>
    /// <param name="isVerbose">Whether to report each.</param>
    public static ClientPrograms OfCommand(string command, int most, ProgramLimits limits, bool isVerbose) =>
        new("/bin/sh", ["-c", command], isOverStreams: true, most, limits, isVerbose);

    /// <summary>Runs this tool, with the connection as descriptor 3.</summary>
    public static ClientPrograms OfService(string service, string? zone, int most, bool isVerbose)
    {
        var (program, arguments) = OwnProgram.With(["serve", service, "fd://3", .. zone is null ? [] : new[] { "--zone", zone }]);
        return new ClientPrograms(program, [.. arguments], isOverStreams: false, most, new ProgramLimits(null, null, null), isVerbose);
    }

    public void Start(SocketConnection connection, SocketListener listener, CancellationToken cancellationToken)
    {
        var peer = connection.Peer;
        ProgramRelay? relay = null;
        ChildProcess child;
        try
        {
            relay = _limits.NeedRelay ? new ProgramRelay(connection, _limits) : null;
            child = ChildProcess.Start(_program, _arguments, Options(connection, relay));
        }
        catch (Exception exception) when (exception is FairleadException or IOException)
        {
            relay?.Dispose();
            connection.Dispose();
            Places.Release();
            ErrorLine.Write($"a client was disconnected: {exception.Message}");
            return;
        }

        if (relay is null)
        {
            connection.Dispose();
        }

        _ = EndAsync(child, relay, peer, listener.Register(child.Id));
        if (_isVerbose)
        {
            ErrorLine.WriteBare($"{child} serves {peer}");
        }
    }

    private ChildProcessOptions Options(SocketConnection connection, ProgramRelay? relay) => _isOverStreams
        ? new ChildProcessOptions
        {
            StandardInput = relay?.Input ?? Redirection.To(connection.ForProgram()),
            StandardOutput = relay?.Output ?? Redirection.To(connection.ForProgram()),
            Environment = PeerVariables.Of(connection),
            TiedToParent = true,
        }
        : new ChildProcessOptions
        {
            StandardInput = Redirection.Null,
            Descriptors = new Dictionary<int, SafeHandle> { [3] = connection.ForProgram() },
            TiedToParent = true,
        };

    private async Task EndAsync(ChildProcess child, ProgramRelay? relay, Peer peer, IDisposable entry)
    {
        using CancellationTokenSource end = new(_limits.Timeout ?? Timeout.InfiniteTimeSpan);
        try
        {
            await using (child)
            {
                string? excess = null;
                try
                {
                    excess = relay is null ? null : ExcessOf(await relay.RunAsync(end.Token));
                    if (excess is null)
                    {
                        // Closed before the wait: a command whose client has gone learns it when it writes.
                        relay?.Dispose();
                        await child.ExitAsync(end.Token);
                    }
                }
                catch (OperationCanceledException)
                {
                    excess = $"ran longer than {DurationText.Describe(_limits.Timeout!.Value)}";
                }

                if (excess is not null)
                {
                    await ShellCommand.KillAsync(child);
                    ErrorLine.Write($"the command for {peer} {excess} and was killed");
                }
            }
        }
        finally
        {
            relay?.Dispose();
            entry.Dispose();
            Places.Release();
        }
    }

    /// <summary>Returns the limit that a command has exceeded, in words; null if none.</summary>
    private string? ExcessOf(RelayEnd end) => end switch
    {
        RelayEnd.Idle => $"neither read nor wrote for {DurationText.Describe(_limits.Idle!.Value)}",
        RelayEnd.TooMuch => string.Create(
            CultureInfo.InvariantCulture, $"wrote more than {_limits.MostOutput} bytes, the limit of --max-output,"),
        _ => null,
    };
}
