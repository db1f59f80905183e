using System.Diagnostics;
using System.Globalization;
using Fairlead.Native.Processes;

namespace Fairlead.Tests.Native;

[SlowRun]
public sealed class NativeProcessTests
{
    [Fact]
    public void This_process_is_described()
    {
        Assert.Equal(Environment.ProcessId, NativeProcess.Id);
        Assert.True(NativeProcess.IsAlive(NativeProcess.Id));
        Assert.NotNull(NativeProcess.CommandLine(NativeProcess.Id));
    }

    [Fact]
    public void The_start_time_of_a_process_is_exact()
    {
        // proc(5): the 22nd field; the first two end with a parenthesis. Clock ticks for users are 10 ms everywhere.
        var stat = File.ReadAllText("/proc/self/stat");
        var ticks = ulong.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[22 - 3], CultureInfo.InvariantCulture);

        Assert.Equal(ticks, NativeProcess.StartTicks(NativeProcess.Id));

        // The kernel computes it anew each time, from a clock that may just be changing.
        var before = BootTime();
        var started = NativeProcess.StartTime(NativeProcess.Id)!.Value;
        var after = BootTime();
        Assert.Contains(started.AddSeconds(-(double)ticks / 100), new[] { before, after });
    }

    [Fact]
    public void A_killed_process_is_ending_or_gone_at_every_moment_after_the_kill()
    {
        const int Rounds = 100;
        for (int round = 0; round < Rounds; round++)
        {
            using var other = Process.Start(
                new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "read line" }, RedirectStandardInput = true })!;
            other.Kill();
            while (NativeProcess.IsAlive(other.Id))
            {
                Assert.True(NativeProcess.IsEnding(other.Id), $"not in round {round}");
            }

            Assert.True(NativeProcess.IsEnding(other.Id));
            other.WaitForExit();
        }
    }

    /// <summary>As where another user hides it: then the kernel alone knows whether it exists.</summary>
    [Fact]
    public async Task A_process_whose_status_cannot_be_read_counts_as_ending_only_if_it_does_not_exist()
    {
        using TemporaryDirectory directory = new();
        using var gone = Process.Start("/bin/true");
        await gone.WaitForExitAsync();
        string[] processes = [$"{NativeProcess.Id}", $"{gone.Id}"];
        await using var starved = PeerProcess.StartBy(
            "prlimit --nofile=256:256", ["starved", $"fifo://{directory["news"]}?framing=line", .. processes]);
        Assert.Equal("False True", await starved.AnswerAsync());
    }

    [Fact]
    public void Another_process_lives_until_it_dies()
    {
        using var other = Process.Start(
            new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "read line" }, RedirectStandardInput = true })!;

        // It counts as started when its program has been found; its arguments appear a moment later.
        string? line;
        while ((line = NativeProcess.CommandLine(other.Id)) is null && NativeProcess.IsAlive(other.Id))
        {
            Thread.Yield();
        }

        Assert.Equal("sh -c read line", line);
        Assert.True(NativeProcess.IsAlive(other.Id));
        Assert.NotNull(NativeProcess.StartTicks(other.Id));
        Assert.False(NativeProcess.IsEnding(other.Id));
        Assert.False(NativeProcess.IsBeingStarted(other.Id), "it runs its own program");
        Assert.False(NativeProcess.IsBeingStarted(NativeProcess.Id));

        other.Kill();
        Assert.True(NativeProcess.IsEnding(other.Id) || !NativeProcess.IsAlive(other.Id));
        other.WaitForExit();

        Assert.False(NativeProcess.IsAlive(other.Id));
        Assert.Null(NativeProcess.CommandLine(other.Id));
        Assert.Null(NativeProcess.StartTicks(other.Id));
        Assert.Null(NativeProcess.StartTime(other.Id));
    }

    private static DateTimeOffset BootTime()
    {
        const string Key = "btime ";
        var line = File.ReadLines("/proc/stat").First(static line => line.StartsWith(Key, StringComparison.Ordinal));
        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(line[Key.Length..], CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Numbers_that_are_no_process_are_not_alive(int pid) => Assert.False(NativeProcess.IsAlive(pid));

    [Theory]
    [InlineData("/usr/bin/bc\0-l\0", "bc -l")]
    [InlineData("bc\0", "bc")]
    [InlineData("./bc\0/a/b\0", "bc /a/b")]
    [InlineData("/opt/my app/run\0x y\0", "run x y")]
    [InlineData("nginx: master process /usr/sbin/nginx -g", "nginx: master process /usr/sbin/nginx -g")]
    [InlineData("/bin/x\0\u001b[2J\0", "x ?[2J")]
    [InlineData("/bin/x\0\0y\0", "x  y")]
    [InlineData("dotnet\0/srv/shop/App.dll\0serve\0/a/b\0", "App.dll serve /a/b")]
    [InlineData("/usr/bin/dotnet\0exec\0--depsfile\0/srv/a.json\0--fx-version\010.0.1\0/srv/App.dll\0", "App.dll")]
    [InlineData("/usr/bin/dotnet\0test\0/srv/App.dll\0", "dotnet test /srv/App.dll")]
    [InlineData("dotnet\0", "dotnet")]
    [InlineData("dotnet\0exec", "dotnet exec")]
    [InlineData("dotnet\0--info\0", "dotnet --info")]
    [InlineData("/bin/app\0--password=hunter2\0-v\0", "app --password=*** -v")]
    [InlineData("/bin/app\0--db-Password\0hunter 2\0-v\0", "app --db-Password *** -v")]
    [InlineData("env\0MY_TOKEN=a b=c\0API-KEY=k\0run\0", "env MY_TOKEN=*** API-KEY=*** run")]
    [InlineData("/bin/app\0https://h/?token=hunter2&x=1\0-client.secret\0s", "app https://h/?token=***&x=1 -client.secret ***")]
    [InlineData("/bin/app\0--token\0--verbose\0secret\0", "app --token --verbose secret")]
    [InlineData("/bin/app\0amqp://u:p@h?password=q\0", "app amqp://u:***@h?password=***")]
    [InlineData("/bin/app\0--token-file=\0tokens", "app --token-file= tokens")]
    public void A_command_line_is_shown_readable_and_without_secrets(string raw, string text) =>
        Assert.Equal(text, CommandLineText.Of(System.Text.Encoding.UTF8.GetBytes(raw), cut: false));

    [Theory]
    [InlineData("bc\0-l\0--token=secret\0", "bc")]
    [InlineData("/opt/my app/run\0x y\0", "run")]
    [InlineData("nginx: master process /usr/sbin/nginx -g", "nginx:")]
    [InlineData("/bin/x\u001b[2J\0secret\0", "x?[2J")]
    [InlineData("dotnet\0/srv/shop/App.dll\0serve\0/a/b\0", "App.dll")]
    [InlineData("/usr/bin/dotnet\0exec\0--depsfile\0/srv/a.json\0/srv/App.dll\0secret\0", "App.dll")]
    [InlineData("/usr/bin/dotnet\0test\0/srv/App.dll\0", "dotnet")]
    [InlineData("", "")]
    public void The_program_file_of_a_command_line_contains_no_argument(string raw, string text) =>
        Assert.Equal(text, CommandLineText.FileOf(System.Text.Encoding.UTF8.GetBytes(raw)));

    [Fact]
    public void A_cut_command_line_ends_with_an_ellipsis() => Assert.Equal("x y…", CommandLineText.Of("/bin/x\0y"u8, cut: true));
}
