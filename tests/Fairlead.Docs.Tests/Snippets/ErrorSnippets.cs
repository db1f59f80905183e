using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/errors.md</summary>
public sealed class ErrorSnippets
{
    private readonly List<string> _logged = [];

    [Fact]
    public async Task The_error_code_identifies_the_problem()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        try
        {
            await using var sender = await Sender.ConnectAsync("unix://nobody", cancellationToken: cancellationToken);
        }
        catch (FairleadException problem) when (problem.Code == ErrorCode.NotFound)
        {
            Log($"not there: {problem.Message}");
        }

        Assert.Equal(
            "not there: unix://nobody: no endpoint listens there "
                + $"(searched {Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")}/fairlead). "
                + "Start a server, or list live endpoints with fairlead list.",
            Assert.Single(_logged));
    }

    [Fact]
    public void The_holder_of_a_name_is_named()
    {
        using var receiver = Receiver.Bind("unix://orders");
        try
        {
            using var second = Receiver.Bind("unix://orders");
        }
        catch (FairleadException problem) when (problem.Code == ErrorCode.AlreadyExists)
        {
            Log($"held by {problem.Peer}");
        }

        Assert.StartsWith($"held by pid {Environment.ProcessId} (", Assert.Single(_logged), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_refuses_endpoints_and_transports_that_do_not_fit()
    {
        using var receiver = Receiver.Bind("unix://orders");
        FairleadException misfit = Assert.Throws<FairleadException>(() => Requester.Connect("unix://orders"));
        Assert.Equal(ErrorCode.Incompatible, misfit.Code);
        FairleadException full = Assert.Throws<FairleadException>(() => Requester.Bind("unix://orders?framing=line"));
        Assert.Equal(ErrorCode.NotSupported, full.Code);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => Receiver.Bind("amqp://broker/?name=orders")).Code);
    }

    [Fact]
    public void A_message_that_is_too_long_is_refused_before_it_is_sent()
    {
        using var receiver = Receiver.Bind("unix://orders?maxmessage=1KiB");
        using var sender = Sender.Connect("unix://orders");
        FairleadException tooLarge = Assert.Throws<FairleadException>(() => sender.Send(new byte[1025]));
        Assert.Equal(ErrorCode.TooLarge, tooLarge.Code);
        sender.Send(new byte[1024]);
        using Message message = receiver.Receive(5.Seconds());
        Assert.Equal(1024, message.Length);
    }

    private void Log(string text) => _logged.Add(text);
}
