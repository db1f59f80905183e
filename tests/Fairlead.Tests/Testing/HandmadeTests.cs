using System.Buffers;
using System.Text;
using Fairlead.Testing;
using Fairlead.Time;

namespace Fairlead.Tests.Testing;

/// <summary>Messages and requests that a test makes by hand behave like those that came, and record what is done with them.</summary>
public sealed class HandmadeTests
{
    [Fact]
    public void A_handmade_message_has_the_values_that_it_was_created_with()
    {
        Peer peer = new() { ProcessId = 4242 };
        using HandmadeMessage made = HandmadeMessage.Create(
            "101.25"u8, topic: "eu.bond", peer: peer, redelivered: true, deliveries: 3, missed: 7);
        Message message = made.Message;
        Assert.Equal(("101.25", 6, "eu.bond", peer), (message.Text, message.Length, message.Topic, message.Peer));
        Assert.Equal((true, 3, 7L, false), (message.Redelivered, message.Deliveries, message.Missed, message.WantsReceipt));
        Assert.Equal("101.25"u8, message.Memory.Span);
        Assert.False(message.HasHandle);
        Assert.Equal(default, message.TraceContext);
        message.Accept();
        Assert.Null(made.Receipt);

        using HandmadeMessage plain = HandmadeMessage.Create([]);
        Assert.Equal((0, "", Environment.ProcessId), (plain.Message.Length, plain.Message.Topic, plain.Message.Peer.ProcessId));
        Assert.Throws<ArgumentException>(() => HandmadeMessage.Create([], topic: "a.*"));
        Assert.Throws<ArgumentException>(() => HandmadeMessage.Create([], topic: "a", wantsReceipt: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => HandmadeMessage.Create([], missed: -1));
    }

    [Fact]
    public void A_receipt_is_recorded_once()
    {
        using (HandmadeMessage accepted = HandmadeMessage.Create("x"u8, wantsReceipt: true))
        {
            Assert.True(accepted.Message.WantsReceipt);
            Assert.Null(accepted.Receipt);
            accepted.Message.Accept();
            accepted.Message.Reject("too late");
            Assert.Equal((DeliveryStatus.Delivered, null), (accepted.Receipt, accepted.Reason));
        }

        using (HandmadeMessage rejected = HandmadeMessage.Create("x"u8, wantsReceipt: true))
        {
            rejected.Message.Reject("no room");
            Assert.Equal((DeliveryStatus.NotDelivered, "no room"), (rejected.Receipt, rejected.Reason));
        }

        using HandmadeMessage forgotten = HandmadeMessage.Create("x"u8, wantsReceipt: true);
        Message message = forgotten.Message;
        Assert.False(forgotten.IsDisposed);
        message.Dispose();
        message.Dispose();
        Assert.True(forgotten.IsDisposed);
        Assert.Equal(
            (DeliveryStatus.NotDelivered, "the receiver disposed the message without accepting it"),
            (forgotten.Receipt, forgotten.Reason));
        Assert.Throws<ObjectDisposedException>(() => message.Length);
        Assert.Throws<ObjectDisposedException>(() => message.Peer);
        Assert.Throws<ObjectDisposedException>(message.Accept);
    }

    [Fact]
    public async Task A_reply_is_recorded_once()
    {
        using HandmadeRequest made = HandmadeRequest.Create("6 * 7"u8, timeout: 5.Seconds(), idempotent: true, redelivered: true);
        Request request = made.Request;
        Assert.Equal(("6 * 7", 5.Seconds(), true, true), (request.Text, request.Timeout, request.Idempotent, request.Redelivered));
        Assert.Null(made.Reply);
        Assert.True(request.Reply("42"u8));
        Assert.Equal("42", Encoding.UTF8.GetString(made.Reply!.Value.Span));
        Assert.Throws<InvalidOperationException>(() => request.Reply("43"u8));
        Assert.Throws<InvalidOperationException>(() => request.Fail(ErrorCode.Failed, "no"));
        request.Dispose();
        Assert.Equal((true, null), (made.IsDisposed, made.Error));

        using HandmadeRequest parts = HandmadeRequest.Create("?"u8);
        Assert.True(await parts.Request.ReplyAsync(new ReadOnlySequence<byte>("parts"u8.ToArray())));
        Assert.Equal("parts"u8, parts.Reply!.Value.Span);
    }

    [Fact]
    public void An_error_is_recorded()
    {
        using HandmadeRequest failed = HandmadeRequest.Create("x"u8);
        Assert.True(failed.Request.Fail(ErrorCode.NotFound, "no such order"));
        Assert.Equal((ErrorCode.NotFound, "no such order", null), (failed.Error, failed.ErrorText, failed.Reply));

        HandmadeRequest forgotten = HandmadeRequest.Create("x"u8);
        forgotten.Dispose();
        Assert.Equal(
            (ErrorCode.Failed, "the responder disposed the request without a reply"), (forgotten.Error, forgotten.ErrorText));
    }

    [Fact]
    public async Task A_handler_receives_a_handmade_request_and_learns_of_its_cancellation()
    {
        using HandmadeRequest made = HandmadeRequest.Create("wait"u8);
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = made.Context.CancellationToken.Register(cancelled.SetResult);
        ReadOnlyMemory<byte> returned = await Handle(made.Request, made.Context);
        Assert.Equal("wait"u8, returned.Span);
        made.Cancel();
        await cancelled.Task;
        Assert.False(made.Request.Fail(ErrorCode.Failed, "nobody waits"));
        Assert.Null(made.Error);

        static ValueTask<ReadOnlyMemory<byte>> Handle(Request request, RequestContext context)
        {
            Assert.Equal(Environment.ProcessId, context.Peer.ProcessId);
            Assert.Null(context.Timeout);
            return new ValueTask<ReadOnlyMemory<byte>>(request.Memory);
        }
    }

    [Fact]
    public void A_disposed_handmade_message_is_never_reused()
    {
        List<Message> stale = [];
        for (int i = 0; i < 100; i++)
        {
            HandmadeMessage made = HandmadeMessage.Create("x"u8);
            stale.Add(made.Message);
            made.Dispose();
        }

        Assert.All(stale, static message => Assert.Throws<ObjectDisposedException>(() => message.Length));
    }

    [Fact]
    public void A_default_delivery_is_unknown_and_Create_makes_any_other()
    {
        Delivery nothing = default;
        Assert.Equal((DeliveryStatus.Unknown, null, null, false), (nothing.Status, nothing.Reason, nothing.Cause, nothing.IsDelivered));
        Delivery late = Delivery.Create(DeliveryStatus.NotDelivered, "too late", ErrorCode.Timeout);
        Assert.Equal(("NotDelivered: too late", ErrorCode.Timeout), (late.ToString(), late.Cause));
        Assert.Equal(late, Delivery.Create(DeliveryStatus.NotDelivered, "too late", ErrorCode.Timeout));
        Assert.Empty(typeof(Delivery).GetConstructors());
        Assert.Null(typeof(Delivery).GetMethod("Deconstruct"));
    }

    [Fact]
    public void A_cancellation_after_the_end_changes_nothing()
    {
        HandmadeRequest disposed = HandmadeRequest.Create("a"u8);
        disposed.Dispose();
        disposed.Cancel();
        Assert.Equal(ErrorCode.Failed, disposed.Error);

        using HandmadeRequest answered = HandmadeRequest.Create("b"u8);
        Assert.True(answered.Request.Reply("c"u8));
        answered.Cancel();
        Assert.NotNull(answered.Reply);
        Assert.Null(answered.Error);
    }
}
