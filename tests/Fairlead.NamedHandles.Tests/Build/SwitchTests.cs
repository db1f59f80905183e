namespace Fairlead.NamedHandles.Tests.Build;

/// <summary>What a project becomes by the files that it imports from the package.</summary>
public sealed class SwitchTests(ReadProjects projects) : IClassFixture<ReadProjects>
{
    private const string Generated = "Fairlead.NamedHandles.Generated";

    private static readonly string[] All =
    [
        "AutoResetEvent", "EventWaitHandle", "ManualResetEvent", "Mutex", "NamedPipeClientStream", "NamedPipeServerStream",
        "PipeStream", "Semaphore",
    ];

    public static TheoryData<string, string> OnLinux => new()
    {
        { "", "" },
        { "<UseFairleadNamedSemaphore>false</UseFairleadNamedSemaphore>", "Semaphore" },
        { "<UseFairleadNamedMutex>false</UseFairleadNamedMutex>", "Mutex" },
        { "<UseFairleadNamedEvent>false</UseFairleadNamedEvent>", "AutoResetEvent EventWaitHandle ManualResetEvent" },
        { "<UseFairleadNamedPipe>false</UseFairleadNamedPipe>", "NamedPipeClientStream NamedPipeServerStream PipeStream" },
        { "<UseFairleadNamedMap>false</UseFairleadNamedMap>", "" },
        { "<RuntimeIdentifier>linux-x64</RuntimeIdentifier>", "" },
    };

    public static TheoryData<string, string, string> Off => new()
    {
        { "csproj", "net10.0", "<UseFairleadNamedHandles>false</UseFairleadNamedHandles>" },
        {
            "csproj",
            "net10.0",
            "<UseFairleadNamedHandles>false</UseFairleadNamedHandles><UseFairleadNamedSemaphore>true</UseFairleadNamedSemaphore>"
        },
        { "csproj", "net10.0-windows", "" },
        { "csproj", "net10.0-windows10.0.19041.0", "<UseFairleadNamedHandles>true</UseFairleadNamedHandles>" },
        { "csproj", "net10.0", "<RuntimeIdentifier>win-x64</RuntimeIdentifier>" },
        { "csproj", "net10.0", "<RuntimeIdentifier>win-x64</RuntimeIdentifier><UseFairleadNamedMap>true</UseFairleadNamedMap>" },
        { "vbproj", "net10.0", "" },
        { "fsproj", "net10.0", "" },
    };

    [Theory]
    [MemberData(nameof(OnLinux))]
    public void A_switch_removes_the_alias_of_its_type(string property, string left)
    {
        ReadProject project = projects.Of("csproj", "net10.0", property);

        Assert.Equal(All.Except(left.Split(' ')), project.Aliases);
        Assert.Contains(Generated, project.Interceptors);
    }

    [Theory]
    [MemberData(nameof(Off))]
    public void A_project_for_Windows_keeps_the_platforms_types(string kind, string framework, string property)
    {
        ReadProject project = projects.Of(kind, framework, property);

        Assert.Empty(project.Aliases);
        Assert.DoesNotContain(Generated, project.Interceptors);
        Assert.Equal(("false", "false"), (project.UsesMap, project.UsesSemaphore));
    }

    [Fact]
    public void Interceptors_that_the_project_allows_stay_allowed() =>
        Assert.Equal(["Its.Own", Generated], projects.Of("csproj", "net10.0", ReadProjects.ItsOwn).Interceptors);
}
