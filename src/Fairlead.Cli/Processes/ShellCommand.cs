using System.Diagnostics;
using System.Text;
using Fairlead.Cli.Input;

namespace Fairlead.Cli.Processes;

/// <summary>A shell command that answers requests, or does work: a process each.</summary>
internal sealed class ShellCommand(string command, bool isRaw, TimeSpan? timeout)
{
    /// <summary>So much of stderr, from its end, is told to a requester.</summary>
    private const int ErrorTail = 500;

    public ValueTask<ReadOnlyMemory<byte>> AnswerAsync(Request request, CancellationToken token) => RunAsync(request.Memory, token);

    /// <summary>Runs the command with these bytes on its stdin and returns what it wrote.</summary>
    /// <exception cref="FairleadException">Failed: it ended with something else than 0. Timeout: it ran too long, and was killed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the process was killed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> RunAsync(ReadOnlyMemory<byte> given, CancellationToken token)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(token);
        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        try
        {
            var feeding = FeedAsync(process, given, end.Token);
            await Task.WhenAll(
                process.StandardOutput.BaseStream.CopyToAsync(output, end.Token),
                process.StandardError.BaseStream.CopyToAsync(errors, end.Token)).WaitAsync(end.Token);
            await feeding.WaitAsync(end.Token);
            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw token.IsCancellationRequested
                ? new OperationCanceledException(token)
                : new FairleadException(ErrorCode.Timeout, $"the command ran longer than {DurationText.Describe(timeout!.Value)}, and was killed");
        }

        return process.ExitCode == 0
            ? Reply(output)
            : throw new FairleadException(ErrorCode.Failed, $"the command ended with exit code {process.ExitCode}{Tail(errors)}");
    }

    /// <summary>Writes what it is given. A command that does not want to read it closes its stdin, which is its affair.</summary>
    private async Task FeedAsync(Process process, ReadOnlyMemory<byte> given, CancellationToken token)
    {
        var input = process.StandardInput.BaseStream;
        try
        {
            await input.WriteAsync(given, token);
            if (!isRaw)
            {
                await input.WriteAsync("\n"u8.ToArray(), token);
            }

            input.Close();
        }
        catch (IOException)
        {
            // Broken pipe: see above.
        }
    }

    private ReadOnlyMemory<byte> Reply(MemoryStream output)
    {
        var bytes = output.GetBuffer().AsMemory(0, (int)output.Length);
        return !isRaw && bytes.Span is [.., (byte)'\n'] ? bytes[..^1] : bytes;
    }

    private static string Tail(MemoryStream errors)
    {
        var text = Encoding.UTF8.GetString(errors.GetBuffer(), 0, (int)errors.Length).Trim();
        text = text.Length > ErrorTail ? "…" + text[^ErrorTail..] : text;
        return text.Length == 0 ? "" : $": {text}";
    }
}
