using System.Text;
using Fairlead.Processes;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/processes.md</summary>
public sealed class ProcessSnippets
{
    [Fact]
    public async Task A_child_sorts_its_input_and_exits()
    {
        using CancellationTokenSource source = new();
        CancellationToken cancellationToken = source.Token;
        await using ChildProcess child = await ChildProcess.StartAsync(
            "sort", ["-n"], new() { StandardInput = Redirection.Pipe, StandardOutput = Redirection.Pipe });
        child.StandardInput.Write("10\n9\n"u8);
        child.StandardInput.Dispose();
        using StreamReader output = new(child.StandardOutput, Encoding.UTF8);
        Assert.Equal("9\n10\n", await output.ReadToEndAsync(cancellationToken));

        ChildExit exit = await child.ExitAsync(cancellationToken);
        string what = exit switch
        {
            ChildExit.Exited { Code: 0 } => "done",
            ChildExit.Exited(var code) => $"failed with {code}",
            ChildExit.Killed(var signal, _) => $"killed by {signal}",
            _ => "",
        };

        Assert.Equal("done", what);
    }

    [Fact]
    public async Task Children_are_supervised()
    {
        using CancellationTokenSource source = new();
        CancellationToken cancellationToken = source.Token;
        SupervisedChild[] children =
        [
            new("echo", "sh", "-c", "cat <&3 >&3") { Process = new() { Channel = ChannelKind.Duplex } },
            new("job", "sleep", "1000") { Restart = RestartPolicy.OnFailure, RestartLimit = 3 },
        ];
        await using ChildSupervisor supervisor = ChildSupervisor.Start(
            children, new() { Changed = change => Console.Error.WriteLine(change) });
        Address address = await supervisor.ChannelAsync("echo", cancellationToken);
        await using Pair pair = await Pair.ConnectAsync(address.With("framing", "line"), cancellationToken: cancellationToken);

        await pair.SendAsync("hello");
        using Message message = await pair.ReceiveAsync(cancellationToken);
        Assert.Equal("hello", message.Text);
    }

    [Fact]
    public async Task A_pipe_connects_two_children()
    {
        ChildProcess first;
        ChildProcess second;
        using (AnonymousPipe pipe = AnonymousPipe.Create())
        {
            first = ChildProcess.Start("seq", ["1000"], new() { StandardOutput = Redirection.To(pipe.Writer) });
            second = ChildProcess.Start(
                "wc", ["-l"], new() { StandardInput = Redirection.To(pipe.Reader), StandardOutput = Redirection.Pipe });
        }

        using StreamReader output = new(second.StandardOutput, Encoding.UTF8);
        Assert.Equal("1000", (await output.ReadToEndAsync()).Trim());
        Assert.True((await first.ExitAsync()).IsSuccess);
    }
}
