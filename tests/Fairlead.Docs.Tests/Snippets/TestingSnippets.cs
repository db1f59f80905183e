using Fairlead.Testing;
using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/testing.md</summary>
public sealed class TestingSnippets
{
    [Fact]
    public async Task A_handler_can_be_tested_with_a_handmade_request()
    {
        using HandmadeRequest made = HandmadeRequest.Create("6 * 7"u8, timeout: 5.Seconds());
        await AnswerAsync(made.Request, made.Context);
        Assert.Equal("42"u8, made.Reply!.Value.Span);
    }

    [Fact]
    public void A_handler_can_be_tested_with_a_handmade_message()
    {
        using HandmadeMessage made = HandmadeMessage.Create("3 apples"u8, wantsReceipt: true, redelivered: true);
        Store(made.Message);
        Assert.Equal(DeliveryStatus.Delivered, made.Receipt);
    }

    private static async Task AnswerAsync(Request request, RequestContext context)
    {
        Assert.False(context.CancellationToken.IsCancellationRequested);
        Assert.True(await request.ReplyAsync(request.Text == "6 * 7" ? "42"u8.ToArray() : "?"u8.ToArray()));
    }

    private static void Store(Message message)
    {
        Assert.True(message.Redelivered);
        message.Accept();
    }
}
