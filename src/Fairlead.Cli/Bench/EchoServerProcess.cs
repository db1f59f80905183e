using Fairlead.Cli.Processes;
using Fairlead.Processes;

namespace Fairlead.Cli.Bench;

/// <summary>An echo server of the tool in a separate process.</summary>
internal sealed class EchoServerProcess : IAsyncDisposable
{
    private const string Announcement = "listening on ";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _process;

    private EchoServerProcess(ChildProcess process, Address address) => (_process, Address) = (process, address);

    /// <summary>Where it listens.</summary>
    public Address Address { get; }

    public static async Task<EchoServerProcess> StartAsync(Address address, string mode, int most, CancellationToken cancellationToken)
    {
        var (program, arguments) = OwnProgram.With(
            ["serve", "echo", address.ToString(), "--mode", mode, "--max-children", $"{most}", "--verbose"]);
        ChildProcess process = ChildProcess.Start(
            program,
            arguments,
            new ChildProcessOptions { StandardInput = Redirection.Null, StandardError = Redirection.Pipe, TiedToParent = true });
        try
        {
            StreamReader errors = new(process.StandardError);
            string? line = await errors.ReadLineAsync(cancellationToken);
            if (line is null || !line.StartsWith(Announcement, StringComparison.Ordinal))
            {
                throw new ToolException(ExitCode.Failure, $"the server did not start: {line}");
            }

            // The server names each client on stderr, which must not fill up.
            _ = errors.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return new EchoServerProcess(process, line[Announcement.Length..]);
        }
        catch
        {
            process.Kill();
            await process.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Send(Signal.Terminate);
        if (_process.WaitForExit(Patience) is null)
        {
            _process.Kill();
        }

        await _process.DisposeAsync();
    }
}
