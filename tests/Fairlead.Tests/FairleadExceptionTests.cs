namespace Fairlead.Tests;

public sealed class FairleadExceptionTests
{
    [Fact]
    public void The_message_contains_the_address_the_problem_and_the_remedy()
    {
        var error = new FairleadException(ErrorCode.NotFound, "no endpoint listens there", "Start a server.") { Address = "unix://nobody" };

        Assert.Equal("unix://nobody: no endpoint listens there. Start a server.", error.Message);
        Assert.Equal("Start a server.", error.WhatToDo);
        Assert.Equal("Start a server.", error.At("unix://other").WhatToDo);
    }

    [Fact]
    public void FairleadException_is_an_IOException() =>
        Assert.IsAssignableFrom<IOException>(new FairleadException(ErrorCode.PeerGone, "it ended"));

    [Fact]
    public void The_address_can_be_the_subject()
    {
        var peer = new Peer { ProcessId = 4242, Program = "fairlead reply unix://calc" };
        var error = new FairleadException(ErrorCode.AlreadyExists, $"is held by {peer}") { Address = "unix://calc", Peer = peer };

        Assert.Equal("unix://calc is held by pid 4242 (fairlead reply unix://calc)", error.Message);
        Assert.Null(error.WhatToDo);
    }

    [Fact]
    public void At_adds_the_address_to_an_error_and_keeps_the_rest()
    {
        FairleadException below;
        try
        {
            throw new FairleadException(ErrorCode.Full, "no room", "Free some.") { Errno = 28 };
        }
        catch (FairleadException thrown)
        {
            below = thrown;
        }

        var error = below.At("unix://a");

        Assert.Equal("unix://a: no room. Free some.", error.Message);
        Assert.Equal((ErrorCode.Full, 28), (error.Code, error.Errno));
        Assert.Same(below, error.InnerException);
    }

    [Theory]
    [InlineData(4242, null, null, "pid 4242")]
    [InlineData(4242, "bc -l", null, "pid 4242 (bc -l)")]
    [InlineData(null, null, "10.0.0.7:5242", "10.0.0.7:5242")]
    [InlineData(null, null, null, "an unknown process")]
    public void The_text_of_a_peer_contains_what_is_known_about_it(int? pid, string? program, string? remote, string text) =>
        Assert.Equal(text, new Peer { ProcessId = pid, Program = program, RemoteAddress = remote }.ToString());
}
