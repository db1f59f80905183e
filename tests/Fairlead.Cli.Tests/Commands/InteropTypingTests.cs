using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Plain C programs that type into a chat or are typed into, and a datagram server in C.</summary>
[FullRun(Reason.Variants)]
public sealed class InteropTypingTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [NeedsProgramFact("cc")]
    public async Task A_program_in_C_types_into_a_chat()
    {
        string program = await InteropProgram.CompileAsync(_home, "typing");
        var (server, address) = await _home.ServeAsync("chat", "serve", "unix://room");
        var client = _home.Start("chat", "join", address, "--input-fifo", "typed", "--block", "1024");
        Assert.Equal("* client 1 joined", await server.LineAsync());
        var typing = _home.StartProgram([program, "typed"]);
        foreach (string line in new[] { "a line that leaves a long rest in the buffer", "short", "" })
        {
            await typing.SayAsync(line);
            Assert.Equal($"typed {line}", await typing.LineAsync());
        }

        await typing.SayAsync("end");
        Assert.Equal("1: a line that leaves a long rest in the buffer", await server.LineAsync());
        Assert.Equal("1: short", await server.LineAsync());
        Assert.Equal("* client 1 left", await server.LineAsync());
        Assert.Equal(0, (await typing.ExitAsync()).ExitCode);
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);
    }

    [NeedsProgramFact("cc")]
    public async Task A_C_program_reads_lines_typed_into_chat_input()
    {
        var program = _home.StartProgram([await InteropProgram.CompileAsync(_home, "typed"), Path.Combine(_home.Work, "typed.fifo")]);
        Assert.Equal("ready", await program.LineAsync());
        var typing = _home.Start("chat", "input", "typed.fifo", "--block", "1024", "--wait", "30s");
        foreach (string line in new[] { "a line that is rather long", "2nd", "end" })
        {
            await typing.SayAsync(line);
            Assert.Equal($"pipe input: {line}", await program.LineAsync());
        }

        Assert.Equal(0, (await typing.ExitAsync()).ExitCode);
        Assert.Equal(0, (await program.ExitAsync()).ExitCode);
    }

    [NeedsProgramFact("cc")]
    public async Task A_datagram_server_in_C_answers()
    {
        var server = _home.StartProgram([await InteropProgram.CompileAsync(_home, "datagram_server"), "2"]);
        string port = (await server.LineAsync())!;
        var client = _home.Start("connect", $"udp://127.0.0.1:{port}?framing=none", "--count", "2");
        await client.SayAsync("is it safe?");
        Assert.Equal("Is it safe?", await client.LineAsync());
        await client.SayAsync("yes");
        Assert.Equal("Yes", await client.LineAsync());
        Assert.Equal(0, (await client.ExitAsync()).ExitCode);
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }
}
