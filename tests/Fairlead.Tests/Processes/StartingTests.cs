using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;
using Fairlead.Processes;
using Fairlead.Processes.Starting;

namespace Fairlead.Tests.Processes;

/// <summary>Errors for programs that cannot be started.</summary>
public sealed class StartingTests
{
    [Theory]
    [InlineData("fairlead-no-such-program", ErrorCode.NotFound, "the program 'fairlead-no-such-program' was not found in PATH")]
    [InlineData("/no/such/program", ErrorCode.NotFound, "the program /no/such/program was not found")]
    [InlineData("/etc/passwd/x", ErrorCode.NotFound, "the program /etc/passwd/x was not found")]
    [InlineData("/usr", ErrorCode.NotFound, "is a directory")]
    [InlineData("/etc/passwd", ErrorCode.PermissionDenied, "this user may not run /etc/passwd")]
    public void A_program_that_cannot_be_run_is_refused_with_the_reason(string program, ErrorCode code, string text)
    {
        FairleadException error = Assert.Throws<FairleadException>(() => ChildProcess.Start(program));
        Assert.Equal(code, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("this is no program", ErrorCode.NotSupported, "is not a program that this machine can run")]
    [InlineData("#!/no/such/interpreter\n", ErrorCode.NotFound, "needs an interpreter")]
    public void A_file_that_is_no_program_is_refused_with_the_reason(string content, ErrorCode code, string text)
    {
        string file = Path.Combine(PrivateDirectories.Sockets, $"bad-{Guid.NewGuid():N}");
        File.WriteAllText(file, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        FairleadException error;
        do
        {
            error = Assert.Throws<FairleadException>(() => ChildProcess.Start(file));
        }
        while (error.Errno == (int)Errno.ETXTBSY); // A child of another test, not at its own program yet, still has it open for writing.

        Assert.Equal(code, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/no/such/directory", "cannot be entered")]
    [InlineData("/etc/passwd", "is not a directory")]
    public void A_path_that_is_not_a_directory_is_refused_as_working_directory_with_the_reason(string directory, string text)
    {
        FairleadException error = Assert.Throws<FairleadException>(() =>
            ChildProcess.Start("true", options: new() { WorkingDirectory = directory }));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_redirection_file_that_cannot_be_opened_is_refused_with_the_reason()
    {
        FairleadException error = Assert.Throws<FairleadException>(() =>
            ChildProcess.Start("cat", options: new() { StandardInput = Redirection.File("/no/such/file") }));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("/no/such/file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_and_variables_that_the_kernel_could_not_take_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ChildProcess.Start("true", ["a\0b"]));
        Assert.Throws<ArgumentException>(() => ChildProcess.Start("true", ["a", null!]));
        Assert.Throws<ArgumentException>(() => ChildProcess.Start(""));
        Assert.Throws<ArgumentException>(() =>
            ChildProcess.Start("true", options: new() { Environment = new Dictionary<string, string?> { ["a=b"] = "c" } }));
        FairleadException error = Assert.Throws<FairleadException>(() => ChildProcess.Start("true", [new string('x', 4_000_000)]));
        Assert.Equal(ErrorCode.TooLarge, error.Code);
    }

    /// <summary>At some of the distances, the numbers are those of the copies that the child makes them from.</summary>
    [Theory]
    [InlineData(25)]
    [InlineData(35)]
    [InlineData(45)]
    [InlineData(55)]
    [InlineData(65)]
    [InlineData(75)]
    public async Task A_child_gets_each_of_its_files_at_any_descriptor_number(int distance)
    {
        const int Count = 20;
        List<Descriptor> fillers = [];
        Dictionary<int, SafeHandle> given = [];
        try
        {
            // The numbers in the child are then among those that this process would take next.
            int last;
            do
            {
                Descriptor filler = NativeSpawn.Duplicate(0, 0, out Errno error) ?? throw new InvalidOperationException($"{error}");
                fillers.Add(filler);
                last = filler.Number;
            }
            while (last < 64);

            for (int i = 0; i < Count; i++)
            {
                string file = Path.Combine(PrivateDirectories.Sockets, $"given-{Guid.NewGuid():N}");
                File.WriteAllText(file, $"{i}\n");
                given.Add(last + distance + i, File.OpenHandle(file));
                File.Delete(file);
            }

            using ChildProcess child = ChildProcess.Start(
                "sh",
                ["-c", $"for n in {string.Join(' ', given.Keys)}; do cat /proc/self/fd/$n; done"],
                new() { Descriptors = given, StandardOutput = Redirection.Pipe });
            string text = await new StreamReader(child.StandardOutput).ReadToEndAsync();

            string[] lines = text.Split('\n')[..^1];
            Assert.Equal(Enumerable.Range(0, Count), lines.Select(line => int.Parse(line, CultureInfo.InvariantCulture)));
        }
        finally
        {
            fillers.ForEach(static filler => filler.Dispose());
            foreach (SafeHandle file in given.Values)
            {
                file.Dispose();
            }
        }
    }

    [Fact]
    public async Task A_tied_child_ends_if_its_parent_died_before_it_was_tied()
    {
        // As if the starting process were gone: the parent's id is not that of the process that started it.
        SpawnRequest request = ExecStep.Before(
            new SpawnRequest
            {
                Path = "/bin/true",
                Arguments = ["true"],
                Environment = [],
            },
            isTied: true,
            [],
            identity: null);
        string[] arguments =
        [
            .. request
                .Arguments.Skip(1)
                .Select(static argument =>
                    argument == NativeProcess.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) ? "999999999" : argument),
        ];
        using ChildProcess child = ChildProcess.Start(request.Path, arguments);
        Assert.Equal(new ChildExit.Killed(Signal.Kill, false), await child.ExitAsync());
    }

    [Fact]
    public async Task A_tied_child_dies_with_its_parent_and_an_untied_one_does_not()
    {
        await using PeerProcess parent = PeerProcess.Start("parent", "cat", "cat");
        string[] ids = (await parent.AnswerAsync()).Split(' ');
        using Descriptor tied = ProcessDescriptor.Open(int.Parse(ids[0], System.Globalization.CultureInfo.InvariantCulture), out _)!;
        using Descriptor free = ProcessDescriptor.Open(int.Parse(ids[1], System.Globalization.CultureInfo.InvariantCulture), out _)!;

        await parent.KillAsync();

        BlockingWait.Wait(tied, PollEvents.Read, Timeout.InfiniteTimeSpan);
        Assert.Equal(PollEvents.None, BlockingWait.Wait(free, PollEvents.Read, TimeSpan.Zero));
        ProcessDescriptor.Send(free, Signal.Kill.Number);
        BlockingWait.Wait(free, PollEvents.Read, Timeout.InfiniteTimeSpan);
    }
}
