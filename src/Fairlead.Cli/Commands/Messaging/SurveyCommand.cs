using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Asks all responders that connect, and collects their replies until a deadline.</summary>
internal sealed class SurveyCommand : ToolCommand
{
    private static readonly TimeSpan Normally = TimeSpan.FromSeconds(1);

    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the bytes of the replies, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after this many replies");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public SurveyCommand()
        : base("survey", "Ask all responders that connect, and print one reply per line")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: true, "Time to collect replies (default: 1s)", ["responder"]);
        _payload = PayloadArguments.AddTo(this, "question", repeats: false);
        Add(_raw);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead survey unix://nodes 'who is there?' --timeout 2s", "Ask all responders that connect within two seconds"),
            ("fairlead reply unix://nodes --connect --wait 1m --exec hostname", "A responder; it may start first"),
            ("fairlead survey unix://nodes 'who is there?' --count 3", "Take the first three replies"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var payloads = _payload.ReadAsync(parsed, cancellationToken);
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        await using var requester = await _endpoint.OpenAsync(parsed, Requester.Bind, Requester.ConnectAsync, cancellationToken);
        var code = ExitCode.Ok;
        await foreach (var question in payloads)
        {
            code = await AskAsync(
                requester, question, output, _endpoint.Timeout(parsed) ?? Normally, parsed.GetValue(_count), cancellationToken);
        }

        return code;
    }

    /// <summary>Asks once. Reports on stderr who did not reply; it fails only if there was no reply, or fewer than requested.</summary>
    private static async Task<int> AskAsync(
        Requester requester,
        ReadOnlyMemory<byte> question,
        MessageOutput output,
        TimeSpan timeout,
        long? count,
        CancellationToken cancellationToken)
    {
        long replies = 0;
        await foreach (var reply in requester.SurveyAsync(question.Span, timeout, new() { IncludesNewcomers = true }, cancellationToken))
        {
            if (reply.IsReply)
            {
                output.Write(reply.Message);
                if (++replies == count)
                {
                    return ExitCode.Ok;
                }
            }
            else
            {
                ErrorLine.Write($"{reply.Peer}: {reply.Problem!.WhatHappened}");
            }
        }

        return replies == 0 || count is not null
            ? throw new FairleadException(
                ErrorCode.Timeout,
                count is null
                    ? $"no responder replied within {DurationText.Describe(timeout)}"
                    : $"{replies} of {count} replied within {DurationText.Describe(timeout)}")
            {
                Address = requester.Address,
            }
            : ExitCode.Ok;
    }
}
