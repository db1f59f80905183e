using System.Buffers;
using System.Diagnostics;
using System.Text;
using Fairlead.Cli.Input;
using Fairlead.Cli.Services;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>A shell command that answers requests or processes items, with one process for each.</summary>
internal sealed class ShellCommand(string command, bool isRaw, TimeSpan? timeout, int mostOutput)
{
    /// <summary>How many characters of stderr, from its end, a requester gets.</summary>
    private const int ErrorTail = 500;

    /// <summary>The most bytes of output, for a <see cref="CollectedOutput"/>.</summary>
    public int MostOutput => mostOutput;

    /// <summary>Runs the command with these bytes on its stdin, and returns its output.</summary>
    /// <param name="given">The bytes.</param>
    /// <param name="peer">The sender of the bytes, which the command learns by its environment.</param>
    /// <param name="output">The memory of the output; dispose it when that is no longer read, also after a failure.</param>
    /// <param name="cancellationToken">Kills the process.</param>
    /// <exception cref="FairleadException">
    /// Failed: it exited with another code than 0. Timeout: it ran too long and was killed. TooLarge: it wrote too much and was killed.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the process was killed.</exception>
    public async ValueTask<ReadOnlySequence<byte>> RunAsync(
        ReadOnlyMemory<byte> given, Peer peer, CollectedOutput output, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);

        // Not the base library's Process: its children ignore SIGPIPE, and a shell cannot undo that.
        using var process = ChildProcess.Start("/bin/sh", ["-c", command], new ChildProcessOptions
        {
            StandardInput = Redirection.Pipe,
            StandardOutput = Redirection.Pipe,
            StandardError = Redirection.Pipe,
            Environment = PeerVariables.Of(peer),
        });
        using StreamReader errorReader = new(process.StandardError);
        string errors;
        ChildExit exit;
        try
        {
            var feeding = FeedAsync(process.StandardInput, given, end.Token);
            var telling = TailAsync(errorReader, end.Token);
            await output.FillAsync(process.StandardOutput, end.Token).WaitAsync(end.Token);
            errors = await telling.WaitAsync(end.Token);
            await feeding.WaitAsync(end.Token);
            exit = await process.ExitAsync(end.Token);
        }
        catch (FairleadException)
        {
            await KillAsync(process);
            throw;
        }
        catch (OperationCanceledException)
        {
            await KillAsync(process);
            throw cancellationToken.IsCancellationRequested
                ? new OperationCanceledException(cancellationToken)
                : new FairleadException(
                    ErrorCode.Timeout, $"the command ran longer than {DurationText.Describe(timeout!.Value)} and was killed");
        }

        return exit.ShellCode == 0
            ? output.Content(withoutNewline: !isRaw)
            : throw new FairleadException(ErrorCode.Failed, $"the command ended with exit code {exit.ShellCode}{errors}");
    }

    /// <summary>Kills the shell and what it has started, and waits for its end.</summary>
    public static async Task KillAsync(ChildProcess shell)
    {
        KillWithDescendants(shell);
        await shell.ExitAsync(CancellationToken.None);
    }

    /// <summary>No effect if the shell has ended.</summary>
    private static void KillWithDescendants(ChildProcess shell)
    {
        // A stopped shell keeps its process ID and its children, so the base library finds the same process by its number.
        if (!shell.Send(Signal.Stop))
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(shell.Id);
            process.Kill(entireProcessTree: true);
        }
        catch (ArgumentException)
        {
            // It was killed from outside, so it has ended.
        }
    }

    /// <summary>Writes the input. A command that does not want to read it may close its stdin.</summary>
    private async Task FeedAsync(Stream input, ReadOnlyMemory<byte> given, CancellationToken cancellationToken)
    {
        try
        {
            // A copy: a process that the command has left behind may read on after the kill, when the bytes are another request's.
            await input.WriteAsync(given.ToArray(), cancellationToken);
            if (!isRaw)
            {
                await input.WriteAsync("\n"u8.ToArray(), cancellationToken);
            }

            input.Close();
        }
        catch (IOException)
        {
            // Broken pipe: see above.
        }
    }

    /// <summary>Returns the end of a command's stderr, after a colon; it keeps no more than that.</summary>
    private static async Task<string> TailAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var buffer = new char[4 * ErrorTail];
        StringBuilder tail = new();
        var isCut = false;
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            tail.Append(buffer, 0, count);
            if (tail.Length > 2 * buffer.Length)
            {
                isCut = true;
                tail.Remove(0, tail.Length - buffer.Length);
            }
        }

        var text = tail.ToString().Trim();
        text = isCut || text.Length > ErrorTail ? "…" + text[Math.Max(0, text.Length - ErrorTail)..] : text;
        return text.Length == 0 ? "" : $": {text}";
    }
}
