using System.Buffers;
using System.CommandLine;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Answers requests, with an echo or by a command.</summary>
internal sealed class ReplyCommand : ToolCommand
{
    private const int DefaultParallel = 16;

    // As CGI programs have: a requester that never stops waiting would keep its place.
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromMinutes(1);

    private readonly EndpointArguments _endpoint;
    private readonly Option<bool> _echo = NewOption.Switch("--echo", "Reply with the request itself");
    private readonly Option<string?> _exec = new("--exec")
    {
        Description = "Reply with the output of this command; /bin/sh runs it for each request, with the request and a newline on stdin",
        HelpName = "COMMAND",
    };
    private readonly Option<bool> _raw = NewOption.Switch(
        "--raw", "With --exec, pass the bytes unchanged: add no newline to the request, remove none from the reply");
    private readonly Option<int> _parallel = NewOption.Number("--parallel", "Limit for commands at the same time", DefaultParallel);
    private readonly Option<int> _maxOutput = NewOption.MaxOutput();
    private readonly Option<long?> _count = NewOption.Count("Exit after this many requests");

    public ReplyCommand()
        : base("reply", "Answer requests with a command or an echo")
    {
        _endpoint = EndpointArguments.AddTo(
            this, binds: true, "Longest time a command may run, 1m if not given; after that, the requester gets an error", ["requester"]);
        Add(_echo);
        Add(_exec);
        Add(_raw);
        Add(_parallel);
        Add(_maxOutput);
        Add(_count);
        Examples =
        [
            ("fairlead reply unix://echo --echo", "Send every request back"),
            (
                "fairlead reply unix://calc --exec 'bc -l'",
                "A calculator; if the command fails, the requester gets the end of its stderr"),
            (
                "fairlead reply tcp://127.0.0.1:0 --exec 'tr a-z A-Z' --count 10",
                "On any free port, which is printed to stderr; for ten requests"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var shell = (parsed.GetValue(_echo), parsed.GetValue(_exec)) switch
        {
            (true, null) => null,
            (false, { } command) => new ShellCommand(
                command, parsed.GetValue(_raw), _endpoint.Timeout(parsed) ?? UsualTimeout, parsed.GetValue(_maxOutput)),
            (true, _) => throw ToolException.Usage("use either --echo or --exec COMMAND, not both"),
            _ => throw ToolException.Usage("an option is missing: --echo or --exec COMMAND"),
        };
        var parallel = parsed.GetValue(_parallel);

        // Each pipe of a running command holds a pool thread while it is read, and the pool adds threads slowly.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(workers + (3 * parallel), completions);
        await using var responder = await _endpoint.OpenAsync(parsed, Responder.Bind, Responder.ConnectAsync, cancellationToken);
        await ServeAsync(responder, shell, parallel, parsed.GetValue(_count) ?? long.MaxValue, cancellationToken);
        return ExitCode.Ok;
    }

    private static async Task ServeAsync(
        Responder responder, ShellCommand? shell, int parallel, long count, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(parallel);
        UnreadReplies unread = new(parallel / 2);
        try
        {
            for (; count > 0; count--)
            {
                await places.WaitAsync(cancellationToken);
                _ = AnswerAsync(await NextAsync(), shell, places, unread, cancellationToken);
            }
        }
        finally
        {
            // Running commands end first: by themselves, or because the token kills them.
            for (; parallel > 0; parallel--)
            {
                await places.WaitAsync(CancellationToken.None);
            }
        }

        async ValueTask<Request> NextAsync()
        {
            try
            {
                return await responder.ReceiveAsync(null, cancellationToken);
            }
            catch
            {
                places.Release();
                throw;
            }
        }
    }

    private static async Task AnswerAsync(
        Request request, ShellCommand? shell, SemaphoreSlim places, UnreadReplies unread, CancellationToken cancellationToken)
    {
        using CollectedOutput output = new(shell?.MostOutput ?? 0);
        try
        {
            if (shell is null)
            {
                await unread.ReplyAsync(request, new ReadOnlySequence<byte>(request.Memory), output, cancellationToken);
                return;
            }

            // Ends when the requester no longer waits, or this process is to end.
            using var end = CancellationTokenSource.CreateLinkedTokenSource(request.CancellationToken, cancellationToken);
            var written = await shell.RunAsync(request.Memory, request.Peer, output, end.Token);
            await unread.ReplyAsync(request, written, output, cancellationToken);
        }
        catch (FairleadException exception)
        {
            request.Fail(exception.Code, exception.WhatHappened);
        }
        catch (OperationCanceledException)
        {
            request.Fail(ErrorCode.Unavailable, "the responder is ending");
        }
        catch (Exception exception)
        {
            ErrorLine.Write(exception.Message);
            request.Fail(ErrorCode.Failed, exception.Message);
        }
        finally
        {
            request.Dispose();
            places.Release();
        }
    }
}
