using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/patterns/requester-responder.md</summary>
[SlowRun]
public sealed partial class RequesterResponderSnippets : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private string? _logged;

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task Requests_and_replies_are_values()
    {
        CancellationToken cancellationToken = _stop.Token;
        await using var responder = await Responder.BindAsync("unix://quotes");
        Task serving = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await responder.RunAsync(
                QuoteJson.Default.Order,
                QuoteJson.Default.Quote,
                (order, context) => new ValueTask<Quote>(new Quote(order.Thing, 0.35m * order.Count)),
                cancellationToken: cancellationToken);
        });
        await using var requester = await Requester.ConnectAsync("unix://quotes");
        using (Message reply = await requester.RequestAsync(new Order("apples", 3), QuoteJson.Default.Order))
        {
            Assert.Equal(new Quote("apples", 1.05m), reply.Read(QuoteJson.Default.Quote));
        }

        await _stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Requests_are_answered_asynchronously_and_synchronously()
    {
        CancellationToken cancellationToken = _stop.Token;
        Task serving = Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await using var responder = await Responder.BindAsync("unix://calc");
            await responder.RunAsync(
                async (request, context) => await AnswerAsync(request.Text, context.CancellationToken),
                cancellationToken: cancellationToken);
        });

        await using var requester = await Requester.ConnectAsync("unix://calc");

        // Type 3: both are on their way before the first reply is awaited.
        ValueTask<Message> first = requester.RequestAsync("2 + 3"u8, timeout: 5.Seconds(), cancellationToken);
        ValueTask<Message> second = requester.RequestAsync("4 + 5"u8, timeout: 5.Seconds(), cancellationToken);
        using (Message sum = await first)
        {
            Assert.Equal("5", sum.Text);
        }

        using (Message sum = await second)
        {
            Assert.Equal("9", sum.Text);
        }

        // Type 4: this thread waits.
        using (Message sum = requester.Request("6 + 7"u8, timeout: 5.Seconds()))
        {
            Show(sum.Text);
        }

        static void Show(string text) => Assert.Equal("13", text);

        await _stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task A_failure_has_the_code_that_the_handler_gave()
    {
        CancellationToken cancellationToken = _stop.Token;
        await using var responder = await Responder.BindAsync("unix://calc");
        Task run = responder.RunAsync(
            (request, context) => request.Text == "refuse"
                ? throw new FairleadException(ErrorCode.NotSupported, "there is no such service")
                : FailAsync("a division by zero"),
            cancellationToken: cancellationToken);
        await using var requester = await Requester.ConnectAsync("unix://calc");

        try
        {
            using Message reply = await requester.RequestAsync("1 / 0"u8, 5.Seconds(), cancellationToken);
            Use(reply.Span);
        }
        catch (FairleadException problem) when (problem.Code == ErrorCode.Failed)
        {
            Log($"the responder's handler failed: {problem.WhatHappened}");
        }

        Assert.Equal(
            "the responder's handler failed: the handler threw InvalidOperationException; only its own side sees the message", _logged);
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(async () => await requester.RequestAsync("refuse"u8));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task A_bound_requester_repeats_an_idempotent_request_or_asks_all_responders()
    {
        CancellationToken cancellationToken = _stop.Token;
        await using var requester = await Requester.BindAsync("unix://survey");
        await using var responder = await Responder.ConnectAsync("unix://survey", cancellationToken: cancellationToken);
        Task run = responder.RunAsync((request, _) =>
            request.Idempotent ? "7"u8.ToArray() : "idle"u8.ToArray(), cancellationToken: cancellationToken);
        using Message reply = await requester.RequestAsync(
            "balance of 4711"u8, new RequestOptions { Idempotent = true, Timeout = 5.Seconds() }, cancellationToken);
        Assert.Equal("7", reply.Text);
        await SurveyAsync(requester, cancellationToken);
        Assert.EndsWith(": idle", _logged, StringComparison.Ordinal);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private async Task SurveyAsync(Requester requester, CancellationToken cancellationToken)
    {
        await foreach (SurveyReply reply in requester.SurveyAsync("how busy?"u8, 1.Seconds(), cancellationToken: cancellationToken))
        {
            Say(reply.IsReply ? $"{reply.Peer}: {reply.Message.Text}" : $"{reply.Peer} did not answer: {reply.Problem!.Code}");
        }
    }

    private void Say(string text) => _logged = text;

    [Fact]
    public async Task The_token_of_a_handler_is_cancelled_when_no_requester_waits()
    {
        TaskCompletionSource<TimeSpan?> cancelled = new();
        TaskCompletionSource asked = new();
        await using var responder = await Responder.BindAsync("unix://calc");
        Task run = responder.RunAsync(
            async (request, context) =>
            {
                TaskCompletionSource nobodyWaits = new();
                await using var registration = context.CancellationToken.Register(nobodyWaits.SetResult);
                await nobodyWaits.Task;
                cancelled.SetResult(context.Timeout);

                // The two ends have clocks of their own: an answer at this moment might still be in time.
                await asked.Task;
                return default;
            },
            cancellationToken: _stop.Token);
        await using var requester = await Requester.ConnectAsync("unix://calc");
        FairleadException late = await Assert.ThrowsAsync<FairleadException>(async () =>
            await requester.RequestAsync("6 * 7"u8, 1.Seconds()));

        asked.SetResult();
        Assert.Equal(ErrorCode.Timeout, late.Code);
        TimeSpan? told = await cancelled.Task;
        Assert.Equal(1.Seconds(), told);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> AnswerAsync(string term, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return Encoding.UTF8.GetBytes(
            term.Split('+').Sum(static part => int.Parse(part, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture));
    }

    private static ValueTask<ReadOnlyMemory<byte>> FailAsync(string why) => throw new InvalidOperationException(why);

    private static void Use(ReadOnlySpan<byte> reply) => Assert.Fail($"there was a reply of {reply.Length} bytes");

    [Fact]
    public async Task HandlerFailed_reports_the_exception_of_a_handler()
    {
        await using var responder = await Responder.BindAsync("unix://calc");
        responder.HandlerFailed += (_, failure) => Log($"{failure.Peer} asked, and {failure.Exception}");
        Task run = responder.RunAsync((_, _) => FailAsync("a division by zero"), cancellationToken: _stop.Token);
        await using var requester = await Requester.ConnectAsync("unix://calc");
        await Assert.ThrowsAsync<FairleadException>(async () => await requester.RequestAsync("1 / 0"u8));
        Assert.Contains("a division by zero", _logged, StringComparison.Ordinal);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private void Log(string text) => _logged = text;

    internal sealed record Order(string Thing, int Count);

    internal sealed record Quote(string Thing, decimal Price);

    [JsonSerializable(typeof(Order))]
    [JsonSerializable(typeof(Quote))]
    internal sealed partial class QuoteJson : JsonSerializerContext;
}
