import { expect } from 'chai'
import { RequestHold } from '../../lib/network/request-hold.js'

describe('RequestHold', () => {
  it('sends what waited in its order, in the turn in which it ends', () => {
    const hold = new RequestHold()
    const sent: number[] = []
    hold.begin()
    for (const n of [1, 2, 3]) void hold.wait(async () => void sent.push(n))
    expect([hold.isHeld, sent]).to.deep.equal([true, []])
    hold.end()
    expect([hold.isHeld, sent]).to.deep.equal([false, [1, 2, 3]])
    hold.end()
  })

  it('settles each one as its request does, also where that throws at once', async () => {
    const hold = new RequestHold()
    hold.begin()
    const good = hold.wait(async () => 42)
    const bad = hold.wait(() => {
      throw new Error('it cannot be encoded')
    })
    const rejected = bad.catch(({ message }: Error) => message)
    hold.end()
    expect([await good, await rejected]).to.deep.equal([42, 'it cannot be encoded'])
  })
})
