using System.ComponentModel;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <summary>How the reports of an <see cref="IProgress{T}"/> travel: as calls of a client's object. Generated code makes it.</summary>
/// <typeparam name="T">The type of a report.</typeparam>
/// <param name="shape">The shape of the only member, which has the report as its parameter.</param>
/// <param name="write">Marshals a report.</param>
/// <param name="read">Unmarshals a report.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed class RpcProgress<T>(string shape, RpcWrite<T> write, RpcRead<T> read)
{
    internal RpcWrite<T> Write => write;

    internal RpcDescription Description { get; } =
        new("IProgress", [new RpcMember(nameof(IProgress<>.Report), $"void Report({typeof(T).Name} value);", shape)]);

    internal RpcSkeleton SkeletonOf(IProgress<T> target) => new Skeleton(target, read);

    private sealed class Skeleton(IProgress<T> target, RpcRead<T> read) : RpcSkeleton
    {
        public override ValueTask InvokeAsync(int member, RpcInvocation invocation)
        {
            RpcReader arguments = invocation.Arguments;
            T report = read(ref arguments);
            arguments.End();
            target.Report(report);
            RpcWriter reply = RpcInvocation.BeginReply(stackalloc byte[RpcWriter.InitialSize]);
            try
            {
                invocation.Reply(ref reply);
            }
            finally
            {
                reply.Dispose();
            }

            return default;
        }
    }
}
